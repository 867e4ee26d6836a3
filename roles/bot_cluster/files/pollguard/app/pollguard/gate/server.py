"""The Bot API as COMMAND sees it: everything passes through unchanged, but for what moves the queue."""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import socket
from collections.abc import Callable
from dataclasses import replace

from aiohttp.web_exceptions import HTTPRequestEntityTooLarge
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from .. import exit_codes
from ..clock import Clock
from ..errors import SettingsError
from . import bot_api
from .bot_api import Call, Poll
from .http import Server, parameters, refuse
from .late_calls import LateCalls
from .polling import Updates
from .telegram_health import Reach
from .upstream import Reply, UnreachableError, Upstream

log = logging.getLogger("pollguard.gate")

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
        self._told: set[str] = set()
        self._sock = sock
        self._token, self._bot_token = tokens
        self._bot = self._token.partition(":")[0]
        real, given = ((token.partition(":")[2] or token).encode() for token in tokens)
        self._secrets = real, given
        self._permissions = permissions
        self._upstream = upstream
        self._reach = reach
        self._updates = updates
        self._late_calls = late_calls
        self._clock = clock
        self._changed = changed

    async def run(self) -> None:
        """Serve, for ever."""
        server = Server(self._serve, handler_cancellation=True)
        listening = await asyncio.get_running_loop().create_server(server, sock=self._sock, backlog=_BACKLOG)
        await listening.serve_forever()

    async def _serve(self, request: BaseRequest) -> StreamResponse:
        try:
            return await self._reply(request)
        except ConnectionError:
            # COMMAND left as it was being answered: no fault of the guard's, and nobody reads this.
            return refuse(499, "Client Closed Request")

    async def _reply(self, request: BaseRequest) -> StreamResponse:
        call = bot_api.parse_call(request.raw_path)
        if call is None:
            return refuse(404, "Not Found: expected /bot<token>/<method> or /file/bot<token>/<path>")
        own = call.bot == self._bot
        if own:
            # The whole token, so that nobody who only knows the bot's id gets its updates.
            self.token_refused = not hmac.compare_digest(call.token.encode(), self._bot_token.encode())
            if self.token_refused:
                return refuse(401, "Unauthorized")
        if own and await self._late_calls.refuses(call.method):
            return refuse(403, "Forbidden: another poller was given this update again, and answers it")
        if call.method not in bot_api.GUARDED:
            target = self._token.join(call.target) if own else request.raw_path
            return await self._pass(request, target, is_method=bool(call.method))
        if not own:
            self.other_bot = call.bot if call.bot.isdecimal() else "unknown"
            return refuse(403, f"Forbidden: this poll guard guards bot {self._bot} only")
        try:
            given = await parameters(request)
        except HTTPRequestEntityTooLarge:
            return refuse(413, "Request Entity Too Large: too many parameters")
        except (ValueError, LookupError, AssertionError, RuntimeError, EOFError):
            # What aiohttp raises for a broken form.
            return refuse(400, "Bad Request: the parameters can't be understood")
        if call.method == bot_api.GET_UPDATES:
            return await self._poll(request, given)
        return await self._guarded(call, given)

    async def _poll(self, request: BaseRequest, given: dict[str, str]) -> StreamResponse:
        poll, served = bot_api.parse_poll(given), True
        if poll.offset is not None and poll.offset < 0 and not self._may("negativeOffset"):
            # It would make Telegram forget what nobody has answered: there is nothing to skip.
            self._refused("a negative offset")
            # One offset for all of these, so that each but the first is a repeated one, which is held.
            poll, served = Poll(-1, 0, {}), False
        async with self._updates.answer(poll, served=served) as reply:
            response = _answer(self._redacted(reply))
            await response.prepare(request)
            await response.write_eof()
        return response

    async def _guarded(self, call: Call, given: dict[str, str]) -> StreamResponse:
        """What ends polling, or empties the queue: from the active as far as it is permitted, and from a
        standby never. Only where there is nothing to do it is answered with true, which a start needs."""
        drops = bot_api.is_true(given.get("drop_pending_updates", ""))
        if drops and not self._may("dropPendingUpdates"):
            self._refused("drop_pending_updates")
            given.pop("drop_pending_updates")
        method = call.method
        if method == "setwebhook" and not given.get("url"):
            method = bot_api.DELETE_WEBHOOK
        name = next(p for p in bot_api.PERMISSIONS if p.lower() == method)
        if self._may(name):
            return await self._ask(call.method, given)
        if name == "deleteWebhook":
            return await self._delete_webhook()
        self._refused(name)
        return refuse(403, f"Forbidden: a poll guard keeps this bot polling; {name} would end that")

    async def _delete_webhook(self) -> StreamResponse:
        """Remove a webhook where permitted, dropping no updates; with one, nobody can poll and become active.

        Most bots ask for that when they start.
        """
        try:
            unclear = await self._reach.query_webhook()
        except UnreachableError as error:
            return refuse(502, f"Bad Gateway: {error}")
        if self._reach.revoked:
            return refuse(401, "Unauthorized")
        if unclear is not None:
            if unclear.status == 429:
                return _answer(self._redacted(unclear))
            return refuse(502, f"Bad Gateway: getWebhookInfo was answered {unclear.status}, not as expected")
        if not self._reach.webhook:
            return _answer(Reply(200, bot_api.TRUE))
        if "deleteWebhook" not in self._permissions:
            self._refused("deleteWebhook")
            return refuse(
                403, "Forbidden: a webhook is set, and this poll guard doesn't permit deleteWebhook"
            )
        log.warning("a webhook is set, so that nobody can poll: COMMAND's deleteWebhook removes it")
        answer = await self._ask(bot_api.DELETE_WEBHOOK, {})
        await self._reach.probe()
        return answer

    async def _ask(self, method: str, given: dict[str, str]) -> StreamResponse:
        try:
            reply = await self._upstream.call(f"/bot{self._token}/{method}", given, 30.0)
        except UnreachableError as error:
            return refuse(502, f"Bad Gateway: {error}")
        return _answer(self._redacted(reply))

    async def _pass(self, request: BaseRequest, target: str, *, is_method: bool) -> StreamResponse:
        self.calls += 1
        try:
            return await self._upstream.forward(request, target, self._redact, is_method=is_method)
        except UnreachableError as error:
            return refuse(502, f"Bad Gateway: {error}")
        finally:
            self.calls -= 1
            self.called_at = self._clock()
            if not self.calls:
                self._changed()

    def _redact(self, body: bytes) -> bytes:
        """A body in which COMMAND finds the token that it was given, not the real one.

        The secret alone is exchanged, since the colon before it may be written as %3A.
        """
        real, given = self._secrets
        return body if real == given else body.replace(real, given)

    def _redacted(self, reply: Reply) -> Reply:
        return replace(reply, body=self._redact(reply.body))

    def _may(self, permission: str) -> bool:
        return self._updates.active and permission in self._permissions

    def _refused(self, what: str) -> None:
        # Some bots repeat it for ever.
        level = logging.DEBUG if what in self._told else logging.INFO
        self._told.add(what)
        log.log(level, "%s of COMMAND's is not passed on", what)


def _answer(reply: Reply) -> Response:
    return Response(status=reply.status, body=reply.body, content_type=reply.content_type)
