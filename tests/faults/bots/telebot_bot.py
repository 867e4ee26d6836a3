"""An ordinary pyTelegramBotAPI bot, with its default threads: answers each message with its text."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

import telebot
from behaviour import HANDLER_SECONDS, answer, wish

# The package's own hints don't allow what its documentation tells people to do.
helper: Any = telebot.apihelper
helper.API_URL = f"{os.environ['TELEGRAM_API_URL']}/bot{{0}}/{{1}}"
bot: Any = telebot.TeleBot(os.environ["TELEGRAM_BOT_TOKEN"])


def on_text(message: Any) -> None:
    wanted = wish(message.text)
    if wanted == "crash":
        os._exit(3)
    if wanted == "hang":
        ctypes.PyDLL("").sleep(10**6)  # The interpreter's lock isn't let go: no thread runs any more.
    time.sleep(HANDLER_SECONDS)
    bot.send_message(message.chat.id, answer(message.text))


bot.register_message_handler(on_text, func=lambda _: True)
bot.infinity_polling()
