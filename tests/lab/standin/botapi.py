"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

# Importing them registers their methods.
import standin.messages
import standin.webhooks  # noqa: F401
from standin import methods, tokens
from standin.bot import Bot, World
from standin.errors import ApiError, unauthorized
from standin.faults import Fault
from standin.files import StoredFile
from standin.methods import Described
from standin.params import Params, read_params
from standin.record import Entry, shortened
from standin.watch import Client

MAX_BODY_BYTES = 52 * 2**20
GET_UPDATES = "getupdates"


class BotApi:
    """Takes requests apart, runs them and keeps the record."""

    def __init__(self, world: World) -> None:
        self._world = world

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        parts = request.path.split("/", 3)
        is_file = parts[1] == "file"
        token, slash, name = request.path.removeprefix("/file").removeprefix("/bot").partition("/")
        if not slash or not parts[2 if is_file else 1].startswith("bot"):
            return _response(ApiError(404, "Not Found"))
        bot = self._world.by_token(token)
        shown = "file" if is_file else name
        username = bot.username if bot is not None else None
        entry = self._world.log.begin(username, shown, tokens.masked(token), _client(request))
        try:
            if request.method not in {"GET", "POST"}:
                raise ApiError(405, "Method Not Allowed")
            if bot is None:
                raise self._refused(token)
            if is_file:
                return self._ended(entry, _download(bot.files.at(name)))
            return self._ended(entry, await self._call(request, bot, name.lower(), entry))
        except ApiError as error:
            if bot is not None and error.code == 409 and name.lower() == GET_UPDATES:
                bot.watch.conflicts += 1
            entry.end(error.code, f"{error.code} {error.description}")
            return _response(error)
        except web.HTTPRequestEntityTooLarge:
            entry.end(413, "413 Request Entity Too Large")
            return _response(ApiError(413, "Request Entity Too Large"))
        except BaseException as error:
            gone = isinstance(error, asyncio.CancelledError)
            entry.end(None, "abandoned" if gone else f"broken: {error!r}")
            raise

    def _refused(self, token: str) -> ApiError:
        if tokens.is_well_formed(token):
            return unauthorized()
        if self._world.front:
            return ApiError(404, "Not Found")
        return ApiError(401, "Unauthorized: invalid token specified")

    def _ended(self, entry: Entry, response: web.Response) -> web.Response:
        if entry.ended is None:
            entry.end(response.status, "ok")
        return response

    async def _call(self, request: web.Request, bot: Bot, name: str, entry: Entry) -> web.Response:
        if name == GET_UPDATES:
            return await self._get_updates(request, bot, entry)
        params = await self._read(request, bot, entry)
        fault = self._world.faults.take(bot.username, name)
        if fault is not None:
            await _suffer(fault, request)
        result = methods.run(self._world, bot, name, params)
        if isinstance(result, Described):
            return _ok(result.result, description=result.description)
        return _ok(result)

    async def _get_updates(self, request: web.Request, bot: Bot, entry: Entry) -> web.Response:
        def over(at: float) -> None:
            entry.over = at

        visit = bot.watch.begin(entry.client, lambda: _hung_up(request), over)
        try:
            params = await self._read(request, bot, entry)
            fault = self._world.faults.take(bot.username, GET_UPDATES)
            if fault is not None:
                await _suffer(fault, request)
            updates = await bot.polling.get_updates(params, lambda: bot.watch.end(visit))
        finally:
            bot.watch.end(visit)
        if _hung_up(request):
            raise asyncio.CancelledError
        entry.updates = [update.update_id for update in updates]
        bot.watch.deliver(entry.updates)
        return _ok([update.as_json() for update in updates])

    async def _read(self, request: web.Request, bot: Bot, entry: Entry) -> Params:
        params = await read_params(request)
        entry.params = shortened(params.values, lambda text: tokens.without_token(text, bot.token))
        entry.params |= {name: f"<{len(upload.content)} bytes>" for name, upload in params.files.items()}
        return params


def _client(request: web.Request) -> Client:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    host, port = peer[:2] if peer else ("?", 0)
    return Client(host, port, request.headers.get("User-Agent", ""))


def _hung_up(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _suffer(fault: Fault, request: web.Request) -> None:
    await asyncio.sleep(fault.delay)
    error = fault.error()
    if error is not None:
        raise error
    if fault.breaks_connection and request.transport is not None:
        request.transport.abort()
        raise asyncio.CancelledError


def _ok(result: Any, **more: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result} | more)


def _response(error: ApiError) -> web.Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return web.json_response(error.body(), status=error.code, headers=headers)


def _download(stored: StoredFile | None) -> web.Response:
    if stored is None:
        raise ApiError(404, "Not Found")
    return web.Response(body=stored.upload.content, content_type="application/octet-stream")
