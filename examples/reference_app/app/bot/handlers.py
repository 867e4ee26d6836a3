"""What the bot says. A handler sends last, after its writes, so that trying it again repeats nothing."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from saq.queue.redis import RedisQueue
from sqlalchemy.dialects.postgresql import insert

from app.bot.inbox import Claim
from app.database import fal_subscriptions, jobs
from app.intake import REQUEST_ID
from app.jobs import AVATAR
from app.queue import offer

LONGEST_WAIT: Final = 20.0  # seconds
AVATAR_TEXT: Final = 200  # characters
HELP: Final = (
    "/avatar <text> draws a picture for a text\n"
    "/track <request id> tells you when a generation is finished\n"
    "/wait <seconds> answers after that time\n"
    "Anything else is repeated."
)
MENU: Final = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Draw my avatar", callback_data="avatar"),
            InlineKeyboardButton(text="My pictures", callback_data="pictures"),
        ],
        [
            InlineKeyboardButton(text="Help", callback_data="help"),
            InlineKeyboardButton(text="Who answers?", callback_data="instance"),
        ],
    ]
)

router = Router()


@router.message(CommandStart())
async def start(message: Message) -> None:
    await message.answer("Hello! What shall I do?", reply_markup=MENU)


@router.message(Command("help"))
async def help_(message: Message) -> None:
    await message.answer(HELP)


@router.message(Command("avatar"))
async def avatar(
    message: Message, command: CommandObject, claim: Claim, queue: RedisQueue, update_id: int
) -> None:
    text = (command.args or (message.from_user.full_name if message.from_user else "") or "you")[:AVATAR_TEXT]
    await order_avatar(claim, queue, message.chat.id, update_id, text)
    await message.answer(f"Drawing an avatar for “{text}”. I'll tell you when it is ready.")


async def order_avatar(claim: Claim, queue: RedisQueue, chat_id: int, update_id: int, text: str) -> None:
    """Write the job in the claim's transaction and queue it once that is committed."""
    key = f"{AVATAR}:{uuid.uuid5(uuid.NAMESPACE_OID, f'{chat_id}/{update_id}')}"
    row = {"key": key, "kind": AVATAR, "chat_id": chat_id, "input": {"text": text}}
    await claim.db.execute(insert(jobs).values(row).on_conflict_do_nothing())
    claim.after_commit.append(lambda: offer(queue, key, AVATAR))


@router.message(Command("wait"))
async def wait(message: Message, command: CommandObject) -> None:
    try:
        seconds = float(command.args or "")
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        await message.answer(f"How long? /wait <seconds>, up to {LONGEST_WAIT:g}.")
        return
    await asyncio.sleep(seconds)
    await message.answer(f"Waited {seconds:g} s.")


@router.message(Command("track"))
async def track(message: Message, command: CommandObject, claim: Claim) -> None:
    request_id = (command.args or "").strip()
    if not REQUEST_ID.fullmatch(request_id):
        await message.answer("Which one? /track <request id>")
        return
    row = {"request_id": request_id, "chat_id": message.chat.id}
    await claim.db.execute(insert(fal_subscriptions).values(row).on_conflict_do_nothing())
    state = await claim.db.scalar(sa.select(jobs.c.state).where(jobs.c.key == f"fal:{request_id}"))
    if state in ("done", "failed"):
        await message.answer(f"The generation {request_id} is {state}.")
    else:
        await message.answer(f"I'll tell you when the generation {request_id} is finished.")


@router.message(F.text)
async def echo(message: Message) -> None:
    await message.answer(f"You said: {message.text}"[:4096])


@router.message()
async def other(message: Message) -> None:
    await message.answer("I only read text. /help")


@router.callback_query()
async def button(
    query: CallbackQuery, bot: Bot, claim: Claim, queue: RedisQueue, update_id: int, instance: str
) -> None:
    chat_id = query.message.chat.id if query.message else query.from_user.id
    match query.data:
        case "avatar":
            name = query.from_user.full_name[:AVATAR_TEXT] or "you"
            await order_avatar(claim, queue, chat_id, update_id, name)
            text = "Drawing your avatar. I'll tell you when it is ready."
        case "pictures":
            text = await pictures(claim, chat_id)
        case "instance":
            text = f"You are talking to {instance}."
        case _:
            text = HELP
    with suppress(TelegramBadRequest):  # too old: the button has stopped waiting, the user has not
        await query.answer()
    await bot.send_message(chat_id, text)


async def pictures(claim: Claim, chat_id: int) -> str:
    """The chat's last five jobs, one a line."""
    query = sa.select(jobs.c.state, jobs.c.object_key).where(jobs.c.chat_id == chat_id)
    rows = (await claim.db.execute(query.order_by(jobs.c.created_at.desc()).limit(5))).all()
    lines = [f"{row.state}: {row.object_key or '-'}" for row in rows]
    return "\n".join(lines) or "No pictures yet. /avatar <text>"
