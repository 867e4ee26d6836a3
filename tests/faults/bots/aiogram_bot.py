"""An ordinary aiogram bot: answers each message with its text, after some work."""

from __future__ import annotations

import asyncio
import os
import time

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from behaviour import HANDLER_SECONDS, answer, wish

dispatcher = Dispatcher()


@dispatcher.message()
async def on_text(message: Message) -> None:
    text = message.text or ""
    wanted = wish(text)
    if wanted == "crash":
        os._exit(3)
    if wanted == "hang":
        time.sleep(10**6)  # noqa: ASYNC251 - the fault: the event loop is blocked
    await asyncio.sleep(HANDLER_SECONDS)
    await message.answer(answer(text))


async def main() -> None:
    server = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=AiohttpSession(api=server))
    await dispatcher.start_polling(bot)


asyncio.run(main())
