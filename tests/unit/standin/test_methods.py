"""What bots call besides getUpdates."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

Standin = Any


async def upload(standin: Standin, method: str, files: dict[str, bytes], **params: str) -> dict[str, Any]:
    form = aiohttp.FormData(params)
    for name, content in files.items():
        form.add_field(name, content, filename=f"{name}.bin", content_type="application/octet-stream")
    async with standin.http.post(f"{standin.bot_url}/{method}", data=form) as response:
        body: dict[str, Any] = await response.json()
        return body


async def download(standin: Standin, file_id: str) -> bytes:
    stored = (await standin.api("getFile", file_id=file_id))["result"]
    url = f"{standin.server.url}/file/bot{standin.token}/{stored['file_path']}"
    async with standin.http.get(url) as response:
        assert response.status == 200
        content: bytes = await response.read()
    assert stored["file_size"] == len(content)
    return content


async def test_document_comes_back_as_it_went(standin: Standin) -> None:
    content = bytes(range(256)) * 1000
    sent = await upload(standin, "sendDocument", {"document": content}, chat_id="7", caption="a file")
    document = sent["result"]["document"]
    assert (document["file_name"], sent["result"]["caption"]) == ("document.bin", "a file")
    assert await download(standin, document["file_id"]) == content
    again = await standin.api("sendDocument", chat_id=7, document=document["file_id"])
    assert again["result"]["document"]["file_id"] == document["file_id"]


async def test_photo_attached_under_another_name(standin: Standin) -> None:
    sent = await upload(standin, "sendPhoto", {"part0": b"pixels"}, chat_id="7", photo="attach://part0")
    assert await download(standin, sent["result"]["photo"][-1]["file_id"]) == b"pixels"


async def test_album(standin: Standin) -> None:
    media = json.dumps([{"type": "photo", "media": f"attach://p{n}", "caption": f"{n}"} for n in range(2)])
    sent = await upload(standin, "sendMediaGroup", {"p0": b"0", "p1": b"1"}, chat_id="7", media=media)
    assert [message["caption"] for message in sent["result"]] == ["0", "1"]


@pytest.mark.parametrize(
    ("method", "params", "description"),
    [
        ("sendMessage", {"text": "x"}, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": 7}, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": 7, "text": "x" * 4097}, "Bad Request: message is too long"),
        (
            "sendMessage",
            {"chat_id": 7, "text": "x", "reply_parameters": {"message_id": 99}},
            "Bad Request: message to be replied not found",
        ),
        (
            "sendMessage",
            {"chat_id": 7, "text": "x", "reply_markup": "{"},
            "Bad Request: can't parse reply markup JSON object",
        ),
        ("sendPhoto", {"chat_id": 7}, "Bad Request: there is no photo in the request"),
        ("sendPhoto", {"chat_id": 7, "photo": "x"}, "Bad Request: wrong file identifier/HTTP URL specified"),
        ("sendLocation", {"chat_id": 7}, "Bad Request: wrong parameters"),
        ("editMessageText", {"chat_id": 7, "text": "x"}, "Bad Request: message to edit not found"),
        ("deleteMessage", {"chat_id": 7, "message_id": 5}, "Bad Request: message to delete not found"),
        ("getFile", {}, "Bad Request: file_id not specified"),
        (
            "getFile",
            {"file_id": "x"},
            "Bad Request: wrong file_id or the file is temporarily unavailable",
        ),
        (
            "answerCallbackQuery",
            {"callback_query_id": "1"},
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
        ("setMyCommands", {"commands": 1}, "Bad Request: expected an Array of BotCommand"),
        (
            "setWebhook",
            {"url": "http://example.org"},
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        ),
        ("setWebhook", {"url": "https://"}, "Bad Request: invalid webhook URL specified"),
        (
            "setWebhook",
            {"url": "https://example.org", "secret_token": "no space"},
            "Bad Request: secret token contains unallowed characters",
        ),
    ],
)
async def test_refusals(standin: Standin, method: str, params: dict[str, Any], description: str) -> None:
    answer = await standin.api(method, **params)
    assert (answer["status"], answer["error_code"], answer["description"]) == (400, 400, description)


async def test_edit_reply_copy_delete(standin: Standin) -> None:
    said = await standin.say("question", chat_id=7)
    reply = {"message_id": said["message_id"]}
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    sent = await standin.api(
        "sendMessage", chat_id=7, text="one", reply_parameters=reply, reply_markup=keyboard
    )
    message = sent["result"]
    assert message["reply_to_message"]["text"] == "question"
    assert message["reply_markup"] == keyboard
    same = {"chat_id": 7, "message_id": message["message_id"]}
    edited = await standin.api("editMessageText", **same, text="two")
    assert edited["result"]["text"] == "two"
    assert "reply_markup" not in edited["result"]
    assert (
        "message is not modified" in (await standin.api("editMessageText", **same, text="two"))["description"]
    )
    copied = await standin.api("copyMessage", chat_id=8, from_chat_id=7, message_id=message["message_id"])
    assert set(copied["result"]) == {"message_id"}
    assert (await standin.api("deleteMessage", **same))["result"] is True
    answers = (await standin.control("GET", "/control/answers"))["answers"]
    assert [(answer["method"], answer["chat_id"], answer["text"]) for answer in answers] == [
        ("sendMessage", 7, "one"),
        ("editMessageText", 7, "two"),
        ("copyMessage", 8, "two"),
    ]
    assert answers[0]["reply_to"] == said["message_id"]


async def test_button(standin: Standin) -> None:
    sent = (await standin.api("sendMessage", chat_id=7, text="sure?"))["result"]
    pressed = await standin.control(
        "POST", "/control/say", chat_id=7, callback_data="yes", message_id=sent["message_id"]
    )
    (update,) = (await standin.api("getUpdates"))["result"]
    assert update["update_id"] == pressed["update_id"]
    query = update["callback_query"]
    assert (query["data"], query["message"]["text"]) == ("yes", "sure?")
    answer = {"callback_query_id": query["id"], "text": "done"}
    assert (await standin.api("answerCallbackQuery", **answer))["result"] is True
    assert (await standin.api("answerCallbackQuery", **answer))["status"] == 400


async def test_commands_by_scope_and_language(standin: Standin) -> None:
    commands = [{"command": "start", "description": "Begin"}]
    scope = {"type": "chat", "chat_id": 7}
    await standin.api("setMyCommands", commands=commands)
    await standin.api("setMyCommands", commands=commands * 2, scope=scope, language_code="en")
    assert (await standin.api("getMyCommands"))["result"] == commands
    assert len((await standin.api("getMyCommands", scope=scope, language_code="en"))["result"]) == 2
    await standin.api("deleteMyCommands")
    assert (await standin.api("getMyCommands"))["result"] == []


async def test_texts_of_the_bot(standin: Standin) -> None:
    assert (await standin.api("getMyName"))["result"] == {"name": "aisha_bot"}
    await standin.api("setMyDescription", description="draws")
    assert (await standin.api("getMyDescription"))["result"] == {"description": "draws"}
    assert (await standin.api("getMyShortDescription"))["result"] == {"short_description": ""}
    assert (await standin.api("getChatMenuButton"))["result"] == {"type": "default"}


async def test_chats(standin: Standin) -> None:
    assert (await standin.api("getChat", chat_id=7))["result"]["type"] == "private"
    assert (await standin.api("getChat", chat_id=-100500))["result"]["type"] == "supergroup"
    member = await standin.api("getChatMember", chat_id=7, user_id=int(standin.token.split(":")[0]))
    assert member["result"]["user"]["is_bot"] is True
    assert (await standin.api("sendChatAction", chat_id=7, action="typing"))["result"] is True


async def test_webhook_info_and_drop(standin: Standin) -> None:
    assert (await standin.api("getWebhookInfo"))["result"] == {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": 0,
    }
    await standin.say("lost")
    form = {"certificate": b"PEM"}
    assert (await upload(standin, "setWebhook", form, url="https://example.org"))["result"] is True
    too_soon = await standin.api("setWebhook", url="https://example.org")
    assert (too_soon["status"], too_soon["parameters"]) == (429, {"retry_after": 1})
    info = (await standin.api("getWebhookInfo"))["result"]
    assert (info["has_custom_certificate"], info["max_connections"]) == (True, 40)
    await standin.control("POST", "/control/webhook", last_error_message="Connection refused")
    info = (await standin.api("getWebhookInfo"))["result"]
    assert info["last_error_message"] == "Connection refused"
    assert info["last_error_date"] > 0
    await standin.api("deleteWebhook", drop_pending_updates=True)
    assert (await standin.api("getWebhookInfo"))["result"]["pending_update_count"] == 0
    assert (await standin.api("deleteWebhook"))["description"] == "Webhook is already deleted"


async def test_allowed_updates_are_kept_when_left_out(standin: Standin) -> None:
    await standin.api("getUpdates", allowed_updates=["callback_query"])
    assert (await standin.say("nobody hears"))["update_id"] is None
    await standin.api("getUpdates", offset=1)
    assert (await standin.say("nobody hears"))["update_id"] is None
    assert (await standin.api("getWebhookInfo"))["result"]["allowed_updates"] == ["callback_query"]
    await standin.api("getUpdates", offset=2, allowed_updates=[])
    assert (await standin.say("heard"))["update_id"] is not None


async def test_log_out_clears_the_queue(standin: Standin) -> None:
    await standin.say("lost")
    assert (await standin.api("logOut"))["result"] is True
    assert (await standin.api("getUpdates"))["result"] == []
    assert (await standin.polls())["cleared"] == 1
    assert (await standin.api("close"))["result"] is True
