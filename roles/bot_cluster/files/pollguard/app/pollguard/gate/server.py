"""The Bot API as COMMAND sees it: everything passes through unchanged, but for what moves the queue."""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import socket
from collections.abc import Callable
from dataclasses import replace

# Not aiohttp.web: of what that loads, the most isn't needed.
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

from .. import exit_codes
from ..clock import Clock
from ..errors import SettingsError
from . import bot_api
from .bot_api import Call
from .late_calls import LateCalls
from .polling import Updates
from .telegram_health import Reach
from .upstream import Reply, UnreachableError, Upstream

log = logging.getLogger("pollguard.gate")

# The gate never closes a connection first: COMMAND would lose the call that it was about to make.
_KEEP_ALIVE = 86_400.0
_BACKLOG = 4096


class PortTakenError(SettingsError):
    """Something else listens where the gate was to."""

    exit_code = exit_codes.PORT_TAKEN


def bind(address: str, port: int) -> socket.socket:
    """The gate's listening socket; raises PortTakenError or SettingsError."""
    try:
        sock = socket.create_server((address, port), backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"the gate's port {port} of {address} is taken: set POLLGUARD_GATE_PORT to a free one"
            ) from None
        raise SettingsError(
            f"the gate can't listen on port {port} of {address}: {error.strerror}; see "
            "POLLGUARD_GATE_ADDRESS and POLLGUARD_GATE_PORT"
        ) from None
    sock.setblocking(False)
    return sock


class Gate:
    """Serves on `sock` the bot of `tokens`: the real one, and the one that COMMAND was given.

    `permissions` (see bot_api.PERMISSIONS) are the active COMMAND's.
    """

    def __init__(
        self,
        sock: socket.socket,
        tokens: tuple[str, str],
        permissions: frozenset[str],
        upstream: Upstream,
        reach: Reach,
        updates: Updates,
        late_calls: LateCalls,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.calls = 0
        """Calls of COMMAND's, polls left out, that are under way."""
        self.called_at: float | None = None
        """When the last of them ended."""
        self.token_refused = False
        """COMMAND's last call had another token of its bot than it was given."""
        self.other_bot = ""
        """Id of another bot that COMMAND was refused to poll for."""
        self._sock = sock
        self._token, self._bot_token = tokens
        self._bot = self._token.partition(":")[0]
        self._permissions = permissions
        self._upstream = upstream
        self._reach = reach
        self._updates = updates
        self._late_calls = late_calls
        self._clock = clock
        self._changed = changed

    async def run(self) -> None:
        """Serve, for ever."""
        server = Server(
            self._serve,
            handler_cancellation=True,
            keepalive_timeout=_KEEP_ALIVE,
            auto_decompress=False,
            access_log=None,
            max_line_size=16384,
            max_field_size=16384,
        )
        listening = await asyncio.get_running_loop().create_server(server, sock=self._sock, backlog=_BACKLOG)
        await listening.serve_forever()

    async def _serve(self, request: BaseRequest) -> StreamResponse:
        try:
            return await self._reply(request)
        except ConnectionError:
            # COMMAND left as it was being answered: no fault of the guard's, and nobody reads this.
            return _refuse(499, "Client Closed Request")

    async def _reply(self, request: BaseRequest) -> StreamResponse:
        call = bot_api.parse_call(request.raw_path)
        if call is None:
            return _refuse(404, "Not Found: expected /bot<token>/<method> or /file/bot<token>/<path>")
        own = call.bot == self._bot
        if own:
            # The whole token, so that nobody who only knows the bot's id gets its updates.
            self.token_refused = not hmac.compare_digest(call.token.encode(), self._bot_token.encode())
            if self.token_refused:
                return _refuse(401, "Unauthorized")
        if own and await self._late_calls.refuses(call.method):
            return _refuse(403, "Forbidden: another poller was given this update again, and answers it")
        if call.method not in bot_api.GUARDED:
            return await self._pass(request, self._token.join(call.target) if own else request.raw_path)
        if not own:
            self.other_bot = call.bot if call.bot.isdecimal() else "unknown"
            return _refuse(403, f"Forbidden: this poll guard guards bot {self._bot} only")
        try:
            parameters = await _parameters(request)
        except HTTPRequestEntityTooLarge:
            return _refuse(413, "Request Entity Too Large: too many parameters")
        except (ValueError, LookupError, AssertionError, RuntimeError, EOFError):
            # What aiohttp raises for a broken form.
            return _refuse(400, "Bad Request: the parameters can't be understood")
        if call.method == bot_api.GET_UPDATES:
            return await self._poll(request, parameters)
        return await self._guarded(call, parameters)

    async def _poll(self, request: BaseRequest, parameters: dict[str, str]) -> StreamResponse:
        poll = bot_api.parse_poll(parameters)
        if poll.offset is not None and poll.offset < 0 and not self._may("negativeOffset"):
            # It would make Telegram forget what nobody has answered: there is nothing to skip.
            self._refused("a negative offset")
            return _answer(Reply(200, bot_api.EMPTY))
        async with self._updates.answer(poll) as reply:
            response = _answer(self._redacted(reply))
            await response.prepare(request)
            await response.write_eof()
        return response

    async def _guarded(self, call: Call, parameters: dict[str, str]) -> StreamResponse:
        """What ends polling, or empties the queue: from the active, as far as it is allowed; never from a
        standby, who isn't told so, since its start must not fail."""
        drops = bot_api.is_true(parameters.get("drop_pending_updates", ""))
        if drops and not self._may("dropPendingUpdates"):
            self._refused("drop_pending_updates")
            parameters.pop("drop_pending_updates")
        method = call.method
        if method == "setwebhook" and not parameters.get("url"):
            method = bot_api.DELETE_WEBHOOK
        name = next(p for p in bot_api.PERMISSIONS if p.lower() == method)
        if self._may(name):
            return await self._ask(call.method, parameters)
        if name == "deleteWebhook":
            return await self._delete_webhook()
        self._refused(name)
        if method == "setwebhook":
            return _refuse(403, "Forbidden: a poll guard keeps this bot polling; setWebhook would end that")
        return _answer(Reply(200, bot_api.TRUE))

    async def _delete_webhook(self) -> StreamResponse:
        """Remove a webhook where permitted, dropping no updates; with one, nobody can poll and become active.

        Most bots ask for that when they start.
        """
        await self._reach.probe()
        if self._reach.revoked:
            return _refuse(401, "Unauthorized")
        if self._reach.error:
            return _refuse(502, f"Bad Gateway: {self._reach.error}")
        if not self._reach.webhook:
            return _answer(Reply(200, bot_api.TRUE))
        if "deleteWebhook" not in self._permissions:
            self._refused("deleteWebhook")
            return _refuse(
                403, "Forbidden: a webhook is set, and this poll guard doesn't permit deleteWebhook"
            )
        log.warning("a webhook is set, so that nobody can poll: COMMAND's deleteWebhook removes it")
        answer = await self._ask(bot_api.DELETE_WEBHOOK, {})
        await self._reach.probe()
        return answer

    async def _ask(self, method: str, parameters: dict[str, str]) -> StreamResponse:
        try:
            reply = await self._upstream.call(f"/bot{self._token}/{method}", parameters, 30.0)
        except UnreachableError as error:
            return _refuse(502, f"Bad Gateway: {error}")
        return _answer(self._redacted(reply))

    async def _pass(self, request: BaseRequest, target: str) -> StreamResponse:
        self.calls += 1
        try:
            return await self._upstream.forward(request, target, self._redact)
        except UnreachableError as error:
            return _refuse(502, f"Bad Gateway: {error}")
        finally:
            self.calls -= 1
            self.called_at = self._clock()
            if not self.calls:
                self._changed()

    def _redact(self, body: bytes) -> bytes:
        """A body in which COMMAND finds the token that it was given, not the real one."""
        return body.replace(self._token.encode(), self._bot_token.encode())

    def _redacted(self, reply: Reply) -> Reply:
        return replace(reply, body=self._redact(reply.body))

    def _may(self, permission: str) -> bool:
        return self._updates.active and permission in self._permissions

    def _refused(self, what: str) -> None:
        log.info("%s of COMMAND's is not passed on", what)


async def _parameters(request: BaseRequest) -> dict[str, str]:
    """A call's parameters, wherever they are; of several of one name the first counts, as at Telegram.

    Raises HTTPRequestEntityTooLarge, or what aiohttp raises for a broken form.
    """
    found: dict[str, str] = {}
    for name, value in request.query.items():
        found.setdefault(name, value)
    if request.can_read_body:
        if request.content_type == "application/json":
            return bot_api.parse_json(await request.read()) | found
        for name, part in (await request.post()).items():
            # A part with a content type of its own comes as bytes; one with a file name is no parameter.
            if isinstance(part, bytes | bytearray):
                found.setdefault(name, part.decode())
            elif isinstance(part, str):
                found.setdefault(name, part)
    return found


def _refuse(status: int, description: str) -> Response:
    return _answer(Reply(status, bot_api.refusal(status, description)))


def _answer(reply: Reply) -> Response:
    return Response(status=reply.status, body=reply.body, content_type=reply.content_type)
