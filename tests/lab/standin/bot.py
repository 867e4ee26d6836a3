"""One bot: its updates, its webhook, its messages; and all bots together."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from standin import chats, tokens
from standin.chats import Json
from standin.errors import unauthorized
from standin.faults import Faults
from standin.files import FileStore
from standin.polling import Polling
from standin.record import Answers, RequestLog
from standin.updates import UpdateQueue
from standin.watch import PollWatch

MAX_MESSAGES = 10_000
MAX_CALLBACKS = 1_000


@dataclass
class Webhook:
    """A webhook as it was set; nothing is ever sent to it, updates stay pending."""

    url: str = ""
    has_custom_certificate: bool = False
    max_connections: int = 0
    ip_address: str = ""
    secret_token: str = ""
    last_error_date: int | None = None
    last_error_message: str | None = None


class Bot:
    """The state of one bot. `token` may be replaced, as @BotFather does; everything else stays."""

    def __init__(self, token: str, username: str) -> None:
        self.token = token
        self.username = username
        self.id = tokens.bot_id(token)
        self.webhook = Webhook()
        self.next_webhook_change = float("-inf")
        self.queue = UpdateQueue()
        self.polling = Polling(self.queue, lambda: bool(self.webhook.url))
        self.watch = PollWatch()
        self.files = FileStore()
        self.profile: dict[str, Any] = {}
        self._messages: OrderedDict[tuple[int, int], Json] = OrderedDict()
        self._callbacks: OrderedDict[str, int] = OrderedDict()
        self._last_message_id = 0
        self._last_callback_id = 0

    def user(self) -> Json:
        """The bot as the author of a message."""
        name = self.profile.get("name:", self.username)
        return {"id": self.id, "is_bot": True, "first_name": name, "username": self.username}

    def push(self, type_: str, payload: Json) -> int | None:
        """Queues an update and wakes the poll that waits, unless a webhook is set."""
        update_id = self.queue.push(type_, payload)
        if update_id is not None and not self.webhook.url:
            self.polling.wake()
        return update_id

    def new_message(self, chat_id: int, author: Json, content: Json) -> Json:
        """Makes and remembers a message."""
        self._last_message_id += 1
        message = {
            "message_id": self._last_message_id,
            "from": author,
            "chat": chats.chat(chat_id),
            "date": int(time.time()),
        } | content
        self._messages[chat_id, self._last_message_id] = message
        if len(self._messages) > MAX_MESSAGES:
            self._messages.popitem(last=False)
        return message

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """A message that is remembered."""
        return self._messages.get((chat_id, message_id))

    def delete_message(self, chat_id: int, message_id: int) -> bool:
        """Deletes a message; False when there is none."""
        return self._messages.pop((chat_id, message_id), None) is not None

    def say(self, chat_id: int, text: str) -> tuple[int | None, Json]:
        """A user writes. Returns the update's id (None: not allowed by the bot) and the message."""
        entities = chats.command_entities(text)
        content: Json = {"text": text} | ({"entities": entities} if entities else {})
        message = self.new_message(chat_id, chats.user(abs(chat_id)), content)
        return self.push("message", message), message

    def press(self, chat_id: int, data: str, message_id: int | None) -> int | None:
        """A user presses an inline button. Returns the update's id."""
        self._last_callback_id += 1
        query_id = f"{self.id}{self._last_callback_id:09}"
        query: Json = {"id": query_id, "from": chats.user(abs(chat_id)), "data": data}
        query["chat_instance"] = str(chat_id)
        if message_id is not None:
            message = self.message(chat_id, message_id)
            query["message"] = message or {"chat": chats.chat(chat_id), "message_id": message_id, "date": 0}
        self._callbacks[query_id] = chat_id
        if len(self._callbacks) > MAX_CALLBACKS:
            self._callbacks.popitem(last=False)
        return self.push("callback_query", query)

    def pressed_in(self, query_id: str) -> int | None:
        """The chat where a button was pressed that hasn't been answered yet; answers it."""
        return self._callbacks.pop(query_id, None)

    def reset(self) -> None:
        """Forgets updates, messages and what was counted."""
        self.queue.clear()
        self.queue.forgotten = type(self.queue.forgotten)()
        self.watch = self.watch.successor()
        self._messages.clear()
        self._callbacks.clear()

    def polls(self) -> Json:
        """The summary of its polls."""
        gone = self.queue.forgotten
        return self.watch.summary() | {
            "username": self.username,
            "confirmed": gone.confirmed,
            "confirmed_up_to": gone.up_to,
            "cleared": gone.cleared,
            "pending": len(self.queue),
        }


class World:
    """Everything that the Bot API and the control API share."""

    def __init__(self, *, front: bool = False) -> None:
        self.front = front
        self.log = RequestLog()
        self.answers = Answers()
        self.faults = Faults()
        self._by_username: dict[str, Bot] = {}

    @property
    def bots(self) -> list[Bot]:
        """In the order in which they were added."""
        return list(self._by_username.values())

    def add(self, token: str, username: str) -> Bot:
        """Adds a bot, or gives one that exists another token, which revokes the old one.

        Raises ValueError when the token is malformed or another bot's.
        """
        if not tokens.is_well_formed(token):
            raise ValueError(f"the token of {username} is malformed")
        owner = self.by_token(token)
        if owner is not None and owner.username != username:
            raise ValueError(f"the token of {username} is {owner.username}'s")
        bot = self._by_username.get(username)
        if bot is None:
            bot = self._by_username[username] = Bot(token, username)
        elif bot.token != token:
            bot.token = token
            bot.polling.fail(unauthorized())
        return bot

    def remove(self, username: str) -> None:
        """Revokes a bot's token. Raises KeyError when there is no such bot."""
        self._by_username.pop(username).polling.fail(unauthorized())

    def by_token(self, token: str) -> Bot | None:
        """The bot whose token it is."""
        return next((bot for bot in self._by_username.values() if bot.token == token), None)

    def by_username(self, username: str | None) -> Bot:
        """A bot by name, the first one without. Raises KeyError when there is none."""
        if username is None:
            if not self._by_username:
                raise KeyError("there is no bot")
            return next(iter(self._by_username.values()))
        return self._by_username[username]

    def reset(self) -> None:
        """Forgets log, updates, answers and faults; bots stay."""
        self.log.clear()
        self.answers.clear()
        self.faults.pending.clear()
        for bot in self.bots:
            bot.reset()
