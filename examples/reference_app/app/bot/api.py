"""The Bot API client: which server, who is calling, and what is tried again."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from app import telegram
from app.bot.inbox import current_claim
from app.settings import Settings
from app.stopping import Backoff

ATTEMPTS: Final = 4
LONGEST_WAIT: Final = 15.0  # seconds that a handler may be held up by a rate limit


class NamedSession(AiohttpSession):
    """aiogram's session with the same way to Telegram as the worker's."""

    def __init__(self, settings: Settings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings = settings

    async def create_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = telegram.connect(self._settings)
        return self._session


def not_sent(error: Exception) -> bool:
    """Whether the request certainly had no effect, so that it may be made again."""
    if isinstance(error, TelegramNetworkError):
        return isinstance(error.__cause__, telegram.NOT_CONNECTED)
    return isinstance(error, TelegramRetryAfter | TelegramServerError)


class Persist(BaseRequestMiddleware):
    """Tries again what wasn't sent, and sends nothing for an update that is no longer ours."""

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        if method.__api_method__ == "getUpdates":
            return await make_request(bot, method)
        backoff = Backoff()
        for attempt in range(1, ATTEMPTS + 1):
            if claim := current_claim.get():
                await claim.confirm()
            try:
                return await make_request(bot, method)
            except (TelegramNetworkError, TelegramRetryAfter, TelegramServerError) as error:
                wait = error.retry_after if isinstance(error, TelegramRetryAfter) else backoff.delay()
                if attempt == ATTEMPTS or wait > LONGEST_WAIT or not not_sent(error):
                    raise
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")


def connect(settings: Settings) -> Bot:
    """A bot that talks to the configured server."""
    server = TelegramAPIServer.from_base(settings.telegram_api_url)
    session = NamedSession(settings, api=server, timeout=30)
    session.middleware(Persist())
    return Bot(settings.telegram_token, session=session)
