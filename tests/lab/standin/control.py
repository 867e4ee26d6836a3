"""The control API, by which tests play the user, order faults and read the record."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from standin import tokens
from standin.bot import Bot, World
from standin.chats import DEFAULT_CHAT
from standin.fal import Fal
from standin.faults import Fault
from standin.load import Load
from standin.webhooks import webhook_info

MAX_WAIT_S = 120.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except KeyError as error:
        return web.json_response({"error": f"no such bot: {error.args[0]}"}, status=404)
    except (TypeError, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def _json(request: web.Request) -> dict[str, Any]:
    body = await request.json() if request.can_read_body else {}
    if not isinstance(body, dict):
        raise ValueError("the body is a JSON object")
    return body


def _required(body: dict[str, Any], *names: str) -> list[str]:
    missing = [name for name in names if not isinstance(body.get(name), str)]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    return [body[name] for name in names]


class Control:
    """The handlers of the control API and of fal.ai's key set."""

    def __init__(self, world: World, fal: Fal) -> None:
        self._world = world
        self._fal = fal
        self._loads: dict[str, Load] = {}

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(middlewares=[_errors])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/control/bots", self._list_bots),
                web.post("/control/bots", self._add_bot),
                web.delete("/control/bots/{username}", self._remove_bot),
                web.post("/control/say", self._say),
                web.get("/control/load", self._show_load),
                web.post("/control/load", self._start_load),
                web.delete("/control/load", self._stop_load),
                web.get("/control/answers", self._answers),
                web.get("/control/fail", self._faults),
                web.post("/control/fail", self._fail),
                web.delete("/control/fail", self._heal),
                web.get("/control/log", self._log),
                web.get("/control/polls", self._polls),
                web.post("/control/webhook", self._webhook),
                web.post("/control/reset", self._reset),
                web.get("/.well-known/jwks.json", self._jwks),
                web.post("/control/fal/deliver", self._deliver),
                web.post("/control/fal/sign", self._sign),
            ]
        )
        app.on_cleanup.append(self._stop_loads)
        return app

    def _bot(self, source: Any) -> Bot:
        return self._world.by_username(source.get("username") or None)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "bots": len(self._world.bots)})

    async def _list_bots(self, _: web.Request) -> web.Response:
        bots = [{"username": bot.username, "token": tokens.masked(bot.token)} for bot in self._world.bots]
        return web.json_response({"bots": bots})

    async def _add_bot(self, request: web.Request) -> web.Response:
        token, username = _required(await _json(request), "token", "username")
        bot = self._world.add(token, username)
        return web.json_response({"username": bot.username, "id": bot.id})

    async def _remove_bot(self, request: web.Request) -> web.Response:
        self._world.remove(request.match_info["username"])
        return web.json_response({"ok": True})

    async def _say(self, request: web.Request) -> web.Response:
        body = await _json(request)
        bot = self._bot(body)
        chat_id = int(body.get("chat_id") or DEFAULT_CHAT)
        cursor = self._world.answers.cursor
        if "callback_data" in body:
            message_id = body.get("message_id")
            update_id = bot.press(chat_id, str(body["callback_data"]), message_id)
        else:
            (text,) = _required(body, "text")
            update_id, message = bot.say(chat_id, text)
            message_id = message["message_id"]
        said = {"update_id": update_id, "chat_id": chat_id, "message_id": message_id, "cursor": cursor}
        return web.json_response(said | {"at": time.monotonic()})

    async def _start_load(self, request: web.Request) -> web.Response:
        body = await _json(request)
        bot = self._bot(body)
        (text,) = _required(body, "text")
        former = self._loads.get(bot.username)
        if former is not None:
            await former.stop()
        chat_id = int(body.get("chat_id") or DEFAULT_CHAT)
        self._loads[bot.username] = Load(bot, text, float(body.get("per_second") or 1), chat_id)
        return web.json_response({"ok": True})

    def _load(self, request: web.Request) -> Load:
        bot = self._bot(request.query)
        if bot.username not in self._loads:
            raise ValueError(f"nobody was told to write to {bot.username}")
        return self._loads[bot.username]

    async def _show_load(self, request: web.Request) -> web.Response:
        return web.json_response(self._load(request).as_json())

    async def _stop_load(self, request: web.Request) -> web.Response:
        load = self._load(request)
        await load.stop()
        return web.json_response(load.as_json())

    async def _stop_loads(self, _: web.Application) -> None:
        for load in self._loads.values():
            await load.stop()

    async def _answers(self, request: web.Request) -> web.Response:
        query = request.query
        chat_id = int(query["chat_id"]) if query.get("chat_id") else None
        answers = await self._world.answers.wait(
            query.get("username") or None,
            chat_id,
            int(query.get("since") or 0),
            min(float(query.get("timeout") or 0), MAX_WAIT_S),
        )
        cursor = answers[-1]["seq"] if answers else self._world.answers.cursor
        return web.json_response({"answers": answers, "cursor": cursor})

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [fault.as_json() for fault in self._world.faults.pending]})

    async def _fail(self, request: web.Request) -> web.Response:
        self._world.faults.pending.append(Fault.parse(await _json(request)))
        return await self._faults(request)

    async def _heal(self, request: web.Request) -> web.Response:
        self._world.faults.pending.clear()
        return await self._faults(request)

    async def _log(self, request: web.Request) -> web.Response:
        query = request.query
        since, username = int(query.get("since") or 0), query.get("username") or None
        entries, cursor = self._world.log.since(since, username, query.get("method") or None)
        return web.json_response({"log": [entry.as_json() for entry in entries], "cursor": cursor})

    async def _polls(self, request: web.Request) -> web.Response:
        return web.json_response(self._bot(request.query).polls())

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await _json(request)
        bot = self._bot(body)
        if "url" in body:
            bot.webhook.url = str(body["url"])
        if "last_error_message" in body:
            message = body["last_error_message"]
            bot.webhook.last_error_message = message
            date = int(body.get("last_error_date") or time.time())
            bot.webhook.last_error_date = date if message else None
        return web.json_response(webhook_info(bot))

    async def _reset(self, _: web.Request) -> web.Response:
        self._world.reset()
        return web.json_response({"ok": True})

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response(self._fal.jwks())

    async def _deliver(self, request: web.Request) -> web.Response:
        cursor = self._world.answers.cursor
        answer = await self._fal.deliver(await _json(request))
        return web.json_response(answer | {"cursor": cursor})

    async def _sign(self, request: web.Request) -> web.Response:
        wanted = await _json(request)
        many = wanted.get("deliveries")
        if many is None:
            return web.json_response(self._fal.signed_as_json(wanted))
        if not isinstance(many, list) or not all(isinstance(one, dict) for one in many):
            raise ValueError("deliveries is a list of objects")
        return web.json_response({"deliveries": [self._fal.signed_as_json(one) for one in many]})
