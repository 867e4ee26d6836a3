"""A bot that the cluster can't be made for ends the run in its first play."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_playbook import LOCAL, beginning, run
from standin_process import Standin, standin


def token() -> str:
    """Return a well-formed token that no stand-in knows."""
    return f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(27)[:35]}"


@pytest.fixture(scope="module")
def telegram() -> Iterator[Standin]:
    with standin() as server:
        yield server


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"telegram_bot_token": "not-a-token"}, "found a value without a colon", id="malformed"),
        pytest.param({"telegram_bot_token": token()}, "revoked", id="revoked"),
        pytest.param({"telegram_bot_username": "some_other_bot"}, "expected @some_other_bot", id="another"),
        pytest.param({"telegram_api_url": "http://127.0.0.1:9"}, "127.0.0.1:9", id="unreachable"),
        pytest.param(
            {"telegram_proxy": "socks5h://user:hush-hush-hush-hush@proxy.invalid:1080"},
            "through the proxy proxy.invalid:1080",
            id="unreachable_proxy",
        ),
    ],
)
def test_what_telegram_says_stops_the_run(
    tmp_path: Path, telegram: Standin, values: dict[str, str], expected: str
) -> None:
    known = token()
    telegram.ask("/control/bots", {"token": known, "username": f"bot_{secrets.token_hex(4)}_bot"})
    given = {"telegram_bot_token": known, "telegram_api_url": telegram.url, **values}
    options = [f"-e{name}={value}" for name, value in given.items()]
    playbook = beginning(tmp_path, "site", "validate")
    done = run(tmp_path, playbook, {"here": LOCAL}, *options, callback="default")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert expected in said
    assert "TASK [Query the bot]" in said
    assert set(re.findall(r"changed=(\d+)", said)) == {"0"}
    assert "hush-hush" not in said
    assert known.partition(":")[2] not in said
