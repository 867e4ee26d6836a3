"""Inputs that the inventory alone tells to be wrong: one clear message, without a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ROOT
from run_playbook import LOCAL, run


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param(
            {"telegram_bot_token": ""},
            "telegram_bot_token: expected the bot's token, found none",
            id="missing_token",
        ),
        pytest.param(
            {"telegram_proxy": "socks4://user:hush-hush-hush-hush@proxy:1080"},
            "telegram_proxy: expected http://, https://, socks5:// or socks5h://",
            id="unusable_proxy",
        ),
        pytest.param({"redis_url": ""}, "redis_url: expected redis://", id="missing_redis"),
        pytest.param(
            {"database_host": "db", "database_url": "postgresql://aisha:hush-hush@db/aisha"},
            "database_url: expected either it or parts of it",
            id="url_and_parts",
        ),
    ],
)
def test_a_wrong_input_is_named(tmp_path: Path, inputs: dict[str, Any], expected: str) -> None:
    done = run(tmp_path, ROOT / "playbooks/site.yml", {"one": LOCAL}, "-e", json.dumps(inputs))
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert expected in said
    assert "hush-hush" not in said
