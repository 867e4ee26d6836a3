"""The methods of the Bot API by name; those that are about the bot itself are here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from standin import chats
from standin.bot import Bot, World
from standin.errors import ApiError, bad_request
from standin.files import MAX_DOWNLOAD_BYTES
from standin.params import Params


@dataclass(frozen=True)
class Call:
    """One request to a method."""

    world: World
    bot: Bot
    method: str
    params: Params

    def answered(self, chat_id: int | None, text: str | None, **more: Any) -> None:
        """Records what the bot sent, for tests that wait for it."""
        self.world.answers.add(self.bot.username, self.method, chat_id, text, **more)


@dataclass(frozen=True)
class Described:
    """A result that comes with a description beside it."""

    result: Any
    description: str


Method = Callable[[Call], Any]
METHODS: dict[str, tuple[str, Method]] = {}


def method(*names: str) -> Callable[[Method], Method]:
    """Registers a method under its names, which callers may write in any case."""

    def register(function: Method) -> Method:
        for name in names:
            METHODS[name.lower()] = (name, function)
        return function

    return register


def run(world: World, bot: Bot, name: str, params: Params) -> Any:
    """Runs any method but getUpdates. Raises ApiError."""
    if name.lower() not in METHODS:
        raise ApiError(404, "Not Found: method not found")
    proper_name, function = METHODS[name.lower()]
    return function(Call(world, bot, proper_name, params))


@method("getMe")
def get_me(call: Call) -> Any:
    """The bot as its owner sees it."""
    return call.bot.user() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "supports_guest_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


@method("logOut")
def log_out(call: Call) -> Any:
    """Logs out, which clears the queue and ends the webhook, as the real one does."""
    bot = call.bot
    bot.polling.flush()
    bot.queue.clear()
    bot.webhook = type(bot.webhook)()
    return True


@method("close")
def close(call: Call) -> Any:
    """Closes the bot's instance, which the next request opens again."""
    call.bot.polling.flush()
    return True


@method("getFile")
def get_file(call: Call) -> Any:
    """Where a file can be downloaded."""
    file_id = call.params.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    stored = call.bot.files.get(file_id)
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.upload.content) > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return stored.as_json() | {"file_path": stored.path}


def _commands_key(params: Params) -> str:
    scope = params.json("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("BotCommandScope must be an Object")
    return f"commands:{json.dumps(scope, sort_keys=True)}:{params.text('language_code')}"


@method("setMyCommands")
def set_my_commands(call: Call) -> Any:
    """Keeps a list of commands for a scope and a language."""
    commands = call.params.json("commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    for command in commands:
        if not isinstance(command, dict) or not command.get("command") or not command.get("description"):
            raise bad_request("BotCommand must be an Object with a command and a description")
    call.bot.profile[_commands_key(call.params)] = [
        {"command": str(command["command"]).removeprefix("/"), "description": str(command["description"])}
        for command in commands
    ]
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> Any:
    """The list kept for exactly that scope and language."""
    return call.bot.profile.get(_commands_key(call.params), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> Any:
    """Forgets a list."""
    call.bot.profile.pop(_commands_key(call.params), None)
    return True


# What can be set and read again, for each language: method's ending, parameter.
_TEXTS = {"MyName": "name", "MyDescription": "description", "MyShortDescription": "short_description"}


def _register_text(ending: str, field: str) -> None:
    def key(call: Call) -> str:
        return f"{field}:{call.params.text('language_code')}"

    @method(f"set{ending}")
    def set_text(call: Call) -> Any:
        call.bot.profile[key(call)] = call.params.text(field)
        return True

    @method(f"get{ending}")
    def get_text(call: Call) -> Any:
        return {field: call.bot.profile.get(key(call), call.bot.username if field == "name" else "")}


for _ending, _field in _TEXTS.items():
    _register_text(_ending, _field)


@method("setChatMenuButton")
def set_chat_menu_button(call: Call) -> Any:
    """Keeps the menu button of a chat."""
    call.bot.profile[f"menu:{call.params.text('chat_id')}"] = call.params.json("menu_button")
    return True


@method("getChatMenuButton")
def get_chat_menu_button(call: Call) -> Any:
    """The menu button of a chat."""
    return call.bot.profile.get(f"menu:{call.params.text('chat_id')}") or {"type": "default"}


@method("setMyDefaultAdministratorRights")
def accept(call: Call) -> Any:
    """Says yes and keeps nothing."""
    return True


@method("getChat")
def get_chat(call: Call) -> Any:
    """A chat in full."""
    return chats.full_chat(chats.wanted_chat(call.params))


@method("getChatMember")
def get_chat_member(call: Call) -> Any:
    """A member of a chat; the bot itself is one too."""
    chats.wanted_chat(call.params)
    user_id = chats.wanted_chat(call.params, "user_id")
    return {"status": "member", "user": call.bot.user() if user_id == call.bot.id else chats.user(user_id)}


@method("getChatMemberCount", "getChatMembersCount")
def get_chat_member_count(call: Call) -> Any:
    """The user and the bot."""
    chats.wanted_chat(call.params)
    return 2


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> Any:
    """There are none in a private chat."""
    if chats.wanted_chat(call.params) > 0:
        raise bad_request("there are no administrators in the private chat")
    return []


@method("getUserProfilePhotos")
def get_user_profile_photos(call: Call) -> Any:
    """Nobody has a photo here."""
    chats.wanted_chat(call.params, "user_id")
    return {"total_count": 0, "photos": []}


@method("sendChatAction", "leaveChat", "pinChatMessage", "unpinChatMessage", "unpinAllChatMessages")
def accept_for_chat(call: Call) -> Any:
    """Says yes where the chat exists."""
    chats.wanted_chat(call.params)
    return True
