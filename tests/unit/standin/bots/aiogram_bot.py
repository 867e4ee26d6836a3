"""An ordinary aiogram bot: repeats what it is told; /file sends a file and fetches it again."""

from __future__ import annotations

import asyncio
import os

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.types import BotCommand, BufferedInputFile, Message

CONTENT = bytes(range(256)) * 100
dispatcher = Dispatcher()


@dispatcher.message(Command("file"))
async def on_file(message: Message, bot: Bot) -> None:
    sent = await message.answer_document(BufferedInputFile(CONTENT, "file.bin"))
    assert sent.document is not None
    fetched = await bot.download(sent.document.file_id)
    same = fetched is not None and fetched.read() == CONTENT
    await message.answer("same" if same else "different")


@dispatcher.message()
async def on_text(message: Message) -> None:
    await message.reply(f"you said {message.text}")


async def main() -> None:
    server = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    bot = Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=AiohttpSession(api=server))
    await bot.set_my_commands([BotCommand(command="file", description="a file")])
    await dispatcher.start_polling(bot, polling_timeout=20)


asyncio.run(main())
