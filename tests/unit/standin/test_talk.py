"""The user's side, `talk.py`, as a program."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

TALK = Path(__file__).resolve().parents[2] / "lab" / "talk.py"
Standin = Any


async def talk(standin: Standin, *arguments: str, **env: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TALK),
        *arguments,
        env={"AISHA_STANDIN_CONTROL": standin.server.control_url} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def echo(standin: Standin) -> None:
    """A bot that answers one message."""
    (update,) = (await standin.api("getUpdates", timeout=30))["result"]
    message = update["message"]
    await standin.api("sendMessage", chat_id=message["chat"]["id"], text=f"you said {message['text']}")


async def test_say(standin: Standin) -> None:
    bot = asyncio.create_task(echo(standin))
    code, out, err = await talk(standin, "say", "--text", "hello", "--chat", "7")
    assert (code, out, err) == (0, "you: hello\nbot: you said hello\n", "")
    await bot


async def test_webhook(standin: Standin) -> None:
    async def handle(request: web.Request) -> web.Response:
        chat_id = (await request.json())["payload"]["chat_id"]
        await standin.api("sendPhoto", chat_id=chat_id, photo="https://example.org/p.png", caption="ready")
        return web.Response(text="queued", status=status)

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    status = 202
    code, out, _ = await talk(standin, "webhook", "--url", url)
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("webhook: 202 queued (")
    assert second == "bot: ready"
    status = 401
    code, _, err = await talk(standin, "webhook", "--url", url)
    assert (code, err) == (1, "talk.py: the webhook was not accepted: 401\n")
    await runner.cleanup()
    code, _, err = await talk(standin, "webhook", "--url", url)
    assert code == 1
    assert "can't be reached from the stand-in" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["say", "--text", "x", "--control", "http://127.0.0.1:1"], "no stand-in at http://127.0.0.1:1"),
        (["webhook", "--url", "ftp://x"], "the stand-in refused"),
    ],
)
async def test_failures_are_one_line(standin: Standin, arguments: list[str], message: str) -> None:
    code, _, err = await talk(standin, *arguments)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1


async def test_no_answer(standin: Standin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hurried = tmp_path / "tests" / "lab" / "talk.py"
    hurried.parent.mkdir(parents=True)
    hurried.write_text(TALK.read_text().replace("ANSWER_S = 15", "ANSWER_S = 1"))
    monkeypatch.setattr(sys.modules[__name__], "TALK", hurried)
    code, out, err = await talk(standin, "say", "--text", "anyone?")
    assert (code, out) == (1, "you: anyone?\n")
    assert err == "talk.py: the bot said nothing in chat 1001 within 1 s\n"
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "control_url").write_text(standin.server.control_url + "\n")
    code, _, err = await talk(standin, "say", "--text", "anyone?", AISHA_STANDIN_CONTROL="")
    assert "the bot said nothing" in err
