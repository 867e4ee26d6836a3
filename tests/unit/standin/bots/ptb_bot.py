"""An ordinary python-telegram-bot bot: repeats what it is told; /file sends a file and fetches it again."""

from __future__ import annotations

import os
from typing import Any

from telegram import Update
from telegram.ext import Application, CommandHandler, MessageHandler, filters

CONTENT = bytes(range(256)) * 100
URL = os.environ["TELEGRAM_API_URL"]


async def on_file(update: Update, _: Any) -> None:
    assert update.message is not None
    sent = await update.message.reply_document(CONTENT, filename="file.bin")
    assert sent.document is not None
    fetched = await (await sent.document.get_file()).download_as_bytearray()
    await update.message.reply_text("same" if bytes(fetched) == CONTENT else "different")


async def on_text(update: Update, _: Any) -> None:
    assert update.message is not None
    await update.message.reply_text(f"you said {update.message.text}", do_quote=True)


application = (
    Application.builder()
    .token(os.environ["TELEGRAM_BOT_TOKEN"])
    .base_url(f"{URL}/bot")
    .base_file_url(f"{URL}/file/bot")
    .build()
)
application.add_handler(CommandHandler("file", on_file))
application.add_handler(MessageHandler(filters.TEXT, on_text))
application.run_polling(timeout=20)
