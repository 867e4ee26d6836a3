"""The webhook API: ``uvicorn app.main:app``."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import AuthenticationError
from saq.queue.redis import RedisQueue
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from app import database, intake, logs, queue, signature
from app.metrics import Application, Counted, Message, Receive, Send
from app.settings import SettingsError, instance_id, load

log = logging.getLogger("app.webhook")

MAX_BODY: Final = 8 * 1024 * 1024
CHECK_SECONDS: Final = 2.0


class TooLarge(Exception):
    """The body is larger than MAX_BODY."""


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[None]:
    try:
        settings = load("webhook")
    except SettingsError as error:
        log.critical("webhook: %s", error)
        raise SystemExit(2) from None
    logs.setup(settings.instance_id, settings.secrets)
    engine = database.connect(settings, connections=15)
    jobs = queue.connect(settings, patience=1)
    async with aiohttp.ClientSession() as session:
        keys = signature.KeySet(signature.fetcher(session, settings.fal_jwks_url))
        api.state.engine, api.state.queue, api.state.keys = engine, jobs, keys
        warm_up = asyncio.create_task(_warm_up(api))
        yield
        warm_up.cancel()
    await jobs.disconnect()
    await engine.dispose()


async def _warm_up(api: FastAPI) -> None:
    """Fetch the keys and connect before the first request needs them; failures show where they matter."""
    checks = (check(api) for check in CHECKS.values())
    await asyncio.gather(api.state.keys.get(), *checks, return_exceptions=True)


api = FastAPI(lifespan=lifespan, openapi_url=None)


async def read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    return bytes(body)


@api.post("/api/v1/avatar/status_update")
async def status_update(request: Request) -> JSONResponse:
    """Take a result of fal.ai: verified, stored once, queued, answered."""
    started = time.perf_counter()
    request_id = request.headers.get(signature.HEADERS[0], "")[:200]
    code, answer = await _status_update(request)
    elapsed = round((time.perf_counter() - started) * 1000, 1)
    level = logging.INFO if code == 200 else logging.WARNING
    log.log(level, "webhook", extra={"request_id": request_id, "code": code, "elapsed_ms": elapsed, **answer})
    return JSONResponse(answer, code, headers={"Retry-After": "5"} if code == 503 else None)


async def _status_update(request: Request) -> tuple[int, dict[str, str]]:
    engine: AsyncEngine = request.app.state.engine
    jobs: RedisQueue = request.app.state.queue
    try:
        body = await read_body(request)
        await signature.verify(request.headers, body, request.app.state.keys)
        return 200, {"status": await intake.accept(engine, jobs, intake.parse(body))}
    except TooLarge:
        return 413, {"status": "refused", "reason": f"the body is larger than {MAX_BODY} bytes"}
    except signature.Refused as error:
        return 401, {"status": "unauthorized", "reason": str(error)}
    except intake.Malformed as error:
        return 400, {"status": "refused", "reason": str(error)}
    except signature.KeysUnavailable as error:
        return 503, {"status": "unavailable", "reason": str(error)}
    except (sa.exc.SQLAlchemyError, OSError, TimeoutError) as error:
        # The sender tries again for two hours, so not taking it is safe while the database is away.
        log.warning("database: %s: %s", type(error).__name__, error)
        return 503, {"status": "unavailable", "reason": f"database: {_reason(error)}"}


async def _check_database(api: FastAPI) -> None:
    async with api.state.engine.connect() as db:
        await db.execute(sa.select(sa.literal(1)).select_from(database.jobs).limit(1))


async def _check_redis(api: FastAPI) -> None:
    await api.state.queue.redis.ping()


CHECKS: Final = {"database": _check_database, "redis": _check_redis}


def _reason(error: BaseException) -> str:
    """Why a service can't be used, in words of our own: a driver's may quote the URL with its password."""
    cause: BaseException | None = error
    while cause is not None:
        name = type(cause).__name__
        if isinstance(cause, AuthenticationError) or name.startswith("InvalidPassword"):
            return "the password was refused"
        if isinstance(cause, ProgrammingError) or name.startswith("UndefinedTable"):
            return "its tables are missing: run `migrate`"
        if isinstance(cause, TimeoutError):
            return f"no answer within {CHECK_SECONDS:g} s"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


async def _state(api: FastAPI, check: Callable[[FastAPI], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check(api)
    except Exception as error:
        return _reason(error)
    return "ok"


@api.get("/health")
async def health(request: Request) -> JSONResponse:
    """200 if webhooks can be stored and queued, otherwise 503 that says what is wrong."""
    states = await asyncio.gather(*(_state(request.app, check) for check in CHECKS.values()))
    good = all(state == "ok" for state in states)
    answer = {
        "status": "ok" if good else "unhealthy",
        "instance": instance_id(),
        **dict(zip(CHECKS, states, strict=True)),
    }
    return JSONResponse(answer, 200 if good else 503)


@api.get("/metrics")
async def metrics() -> Response:
    """What Prometheus reads."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class NamedInstance:
    """Puts X-Instance-Id on every response, those of errors included, so that balancing can be seen."""

    def __init__(self, app: Application, name: str) -> None:
        self._app = app
        self._header = (b"x-instance-id", name.encode("latin-1", "replace"))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._header]
            await send(message)

        await self._app(scope, receive, named)


logs.setup(instance_id())
app = NamedInstance(Counted(api), instance_id())
