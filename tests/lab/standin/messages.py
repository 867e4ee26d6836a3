"""The methods that send, change and delete messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from standin import chats
from standin.chats import Json
from standin.errors import bad_request
from standin.files import StoredFile
from standin.methods import Call, method
from standin.params import Params

MAX_TEXT_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _text(params: Params) -> str:
    text = params.text("text").strip()
    if not text:
        raise bad_request("message text is empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise bad_request("message is too long")
    return text


def _caption(params: Params) -> Json:
    caption = params.text("caption").strip()
    if len(caption) > MAX_CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    return {"caption": caption} if caption else {}


def _keyboard(params: Params) -> Json:
    markup = params.json("reply_markup")
    # Only inline keyboards are part of a message; the others change what the user sees.
    return {"reply_markup": markup} if isinstance(markup, dict) and "inline_keyboard" in markup else {}


def _reply(call: Call, chat_id: int) -> Json:
    reply = call.params.json("reply_parameters") or {}
    message_id = call.params.integer("reply_to_message_id", 0) or int(reply.get("message_id", 0))
    original = call.bot.message(chat_id, message_id) if message_id else None
    if original is not None:
        return {"reply_to_message": {key: original[key] for key in original if key != "reply_to_message"}}
    lenient = reply.get("allow_sending_without_reply") or call.params.flag("allow_sending_without_reply")
    if message_id and not lenient:
        raise bad_request("message to be replied not found")
    return {}


def _send(call: Call, content: Json, chat_id: int | None = None) -> Json:
    chat_id = chats.wanted_chat(call.params) if chat_id is None else chat_id
    content = content | _reply(call, chat_id) | _keyboard(call.params)
    message = call.bot.new_message(chat_id, call.bot.user(), content)
    _record(call, message)
    return message


def _record(call: Call, message: Json) -> None:
    more: Json = {"message_id": message["message_id"]}
    if "reply_to_message" in message:
        more["reply_to"] = message["reply_to_message"]["message_id"]
    call.answered(message["chat"]["id"], message.get("text", message.get("caption")), **more)


@method("sendMessage")
def send_message(call: Call) -> Any:
    """Sends text; marks of a parse mode stay in it."""
    chat_id = chats.wanted_chat(call.params)
    return _send(call, {"text": _text(call.params)}, chat_id)


# What a kind of media has beside its file, for each parameter that names it.
_MEDIA: dict[str, Json] = {
    "document": {},
    "audio": {"duration": 0},
    "voice": {"duration": 0},
    "video": {"duration": 0, "width": 512, "height": 512},
    "animation": {"duration": 0, "width": 512, "height": 512},
    "video_note": {"duration": 0, "length": 240},
    "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
}


def _media(kind: str, stored: StoredFile) -> Json:
    if kind == "photo":
        return {"photo": [stored.as_json() | {"width": 512, "height": 512}]}
    media = stored.as_json() | _MEDIA[kind]
    if kind not in {"sticker", "video_note", "voice"}:
        media |= {"file_name": stored.upload.name, "mime_type": stored.upload.content_type}
    return {kind: media}


def _register_media(name: str, kind: str) -> None:
    @method(name)
    def send_media(call: Call) -> Any:
        chat_id = chats.wanted_chat(call.params)
        caption = _caption(call.params)
        stored = call.bot.files.from_params(call.params, kind, f"{kind}s")
        return _send(call, _media(kind, stored) | caption, chat_id)


for _kind in ("photo", *_MEDIA):
    _register_media("send" + "".join(word.capitalize() for word in _kind.split("_")), _kind)


@method("sendMediaGroup")
def send_media_group(call: Call) -> Any:
    """Sends an album, one message for each of its media."""
    chat_id = chats.wanted_chat(call.params)
    album = call.params.json("media")
    if not isinstance(album, list) or not 2 <= len(album) <= 10:
        raise bad_request("there are no messages to send")
    files = call.bot.files
    sent = []
    for item in album:
        kind = str(item.get("type"))
        if kind != "photo" and kind not in _MEDIA:
            raise bad_request("can't use the media of the specified type in the album")
        stored = files.from_params(call.params, kind, f"{kind}s", str(item.get("media", "")))
        caption = {"caption": item["caption"]} if item.get("caption") else {}
        sent.append(_send(call, _media(kind, stored) | caption, chat_id))
    return sent


def _location(params: Params) -> Json:
    return {
        "location": {"latitude": float(params.text("latitude")), "longitude": float(params.text("longitude"))}
    }


def _contact(params: Params) -> Json:
    return {"contact": {"phone_number": params.text("phone_number"), "first_name": params.text("first_name")}}


def _dice(params: Params) -> Json:
    return {"dice": {"emoji": params.text("emoji", "🎲"), "value": 1}}


_OTHER: dict[str, Callable[[Params], Json]] = {
    "sendLocation": _location,
    "sendContact": _contact,
    "sendDice": _dice,
}


def _register_other(name: str, content: Callable[[Params], Json]) -> None:
    @method(name)
    def send_other(call: Call) -> Any:
        try:
            return _send(call, content(call.params))
        except ValueError:
            raise bad_request("wrong parameters") from None


for _name, _content in _OTHER.items():
    _register_other(_name, _content)


def _message_of(call: Call, action: str, chat_name: str = "chat_id") -> Json:
    chat_id = chats.wanted_chat(call.params, chat_name)
    message = call.bot.message(chat_id, call.params.integer("message_id", 0))
    if message is None:
        raise bad_request(f"message to {action} not found")
    return message


def _edit(call: Call, change: Json) -> Any:
    if call.params.text("inline_message_id"):
        return True
    message = _message_of(call, "edit")
    keyboard = _keyboard(call.params)
    new = {key: value for key, value in message.items() if key != "reply_markup"} | change | keyboard
    if json.dumps(new, sort_keys=True) == json.dumps(message, sort_keys=True):
        raise bad_request(NOT_MODIFIED)
    message.clear()
    message.update(new | {"edit_date": int(time.time())})
    _record(call, message)
    return message


@method("editMessageText")
def edit_message_text(call: Call) -> Any:
    """Changes a text."""
    return _edit(call, {"text": _text(call.params)})


@method("editMessageCaption")
def edit_message_caption(call: Call) -> Any:
    """Changes a caption."""
    return _edit(call, {"caption": _caption(call.params).get("caption", "")})


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Any:
    """Changes the buttons."""
    return _edit(call, {})


@method("forwardMessage")
def forward_message(call: Call) -> Any:
    """Sends a message on."""
    original = _message_of(call, "forward", "from_chat_id")
    kept = {key: value for key, value in original.items() if key not in _OWN_FIELDS}
    return _send(call, kept)


@method("copyMessage")
def copy_message(call: Call) -> Any:
    """Sends a copy; says its id only."""
    original = _message_of(call, "copy", "from_chat_id")
    kept = {key: value for key, value in original.items() if key not in _OWN_FIELDS}
    return {"message_id": _send(call, kept | _caption(call.params))["message_id"]}


_OWN_FIELDS = {"message_id", "from", "chat", "date", "edit_date", "reply_to_message", "reply_markup"}


@method("deleteMessage")
def delete_message(call: Call) -> Any:
    """Deletes a message."""
    message = _message_of(call, "delete")
    return call.bot.delete_message(message["chat"]["id"], message["message_id"])


@method("deleteMessages")
def delete_messages(call: Call) -> Any:
    """Deletes those that exist."""
    chat_id = chats.wanted_chat(call.params)
    for message_id in call.params.json("message_ids") or []:
        call.bot.delete_message(chat_id, int(message_id))
    return True


@method("setMessageReaction")
def set_message_reaction(call: Call) -> Any:
    """Says yes where the message exists."""
    _message_of(call, "react")
    return True


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> Any:
    """Answers the press of a button, once."""
    chat_id = call.bot.pressed_in(call.params.text("callback_query_id"))
    if chat_id is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    call.answered(chat_id, call.params.text("text") or None)
    return True


@method("answerInlineQuery")
def answer_inline_query(call: Call) -> Any:
    """There are no inline queries here."""
    raise bad_request("query is too old and response timeout expired or query ID is invalid")
