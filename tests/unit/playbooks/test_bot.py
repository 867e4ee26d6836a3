"""A bot that the cluster can't be made for ends the run in its first play."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from run_playbook import LOCAL, beginning, run
from standin_process import token


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
    tmp_path: Path, bot: dict[str, str], values: dict[str, str], expected: str
) -> None:
    options = [f"-e{name}={value}" for name, value in {**bot, **values}.items()]
    playbook = beginning(tmp_path, "site", "validate")
    done = run(tmp_path, playbook, {"here": LOCAL}, *options, callback="default")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert expected in said
    assert "TASK [Query the bot]" in said
    assert set(re.findall(r"changed=(\d+)", said)) == {"0"}
    assert "hush-hush" not in said
    assert bot["telegram_bot_token"].partition(":")[2] not in said
