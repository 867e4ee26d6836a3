"""An ordinary pyTelegramBotAPI bot: repeats what it is told; /file sends a file and fetches it again."""

from __future__ import annotations

import os
from typing import Any

import telebot

CONTENT = bytes(range(256)) * 100
URL = os.environ["TELEGRAM_API_URL"]

# The package's own hints don't allow what its documentation tells people to do.
helper: Any = telebot.apihelper
helper.API_URL = f"{URL}/bot{{0}}/{{1}}"
helper.FILE_URL = f"{URL}/file/bot{{0}}/{{1}}"
bot: Any = telebot.TeleBot(os.environ["TELEGRAM_BOT_TOKEN"])


def on_file(message: Any) -> None:
    sent = bot.send_document(message.chat.id, CONTENT, visible_file_name="file.bin")
    fetched = bot.download_file(bot.get_file(sent.document.file_id).file_path)
    bot.send_message(message.chat.id, "same" if fetched == CONTENT else "different")


def on_text(message: Any) -> None:
    bot.reply_to(message, f"you said {message.text}")


bot.register_message_handler(on_file, commands=["file"])
bot.register_message_handler(on_text, func=lambda _: True)
bot.infinity_polling(timeout=25, long_polling_timeout=20)
