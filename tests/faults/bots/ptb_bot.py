"""An ordinary python-telegram-bot bot with concurrent updates: answers each message with its text."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from behaviour import HANDLER_SECONDS, answer, wish
from telegram import Update
from telegram.ext import Application, MessageHandler, filters


async def on_text(update: Update, _: Any) -> None:
    message = update.message
    if message is None:
        return
    text = message.text or ""
    wanted = wish(text)
    if wanted == "crash":
        os._exit(3)
    if wanted == "hang":
        time.sleep(10**6)  # noqa: ASYNC251 - the fault: the event loop is blocked
    await asyncio.sleep(HANDLER_SECONDS)
    await message.reply_text(answer(text))


application = (
    Application.builder()
    .token(os.environ["TELEGRAM_BOT_TOKEN"])
    .base_url(f"{os.environ['TELEGRAM_API_URL']}/bot")
    .concurrent_updates(True)
    .build()
)
application.add_handler(MessageHandler(filters.TEXT, on_text))
application.run_polling()
