"""What the gate against leaks finds, and what it leaves alone."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from leaks import find, machine_paths


def made_up() -> str:
    return f"{secrets.randbelow(10**8) + 10**8}:{secrets.token_hex(20)[:35]}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (".".join(("https://pypi", "org/simple")), "package registry"),
        (".".join(("deb http://DEB", "debian", "org/debian bookworm main")), "package registry"),
        pytest.param(f"token: {made_up()}", "bot token", id="token"),
        pytest.param(
            f"https://api.telegram.org/bot{made_up()}/getMe".replace("bot", "bot/"),
            "bot token",
            id="token_in_url",
        ),
        (f"-----BEGIN EC PRIVATE {'KEY'}-----\n{'A' * 64}\n", "private key"),
        ("see /builds/someone/project/x", "a path of this machine"),
        ("see /home/someone/x", "a path of this machine"),
    ],
)
def test_what_is_found(text: str, kind: str) -> None:
    paths = machine_paths(Path("/builds/someone/project"), Path("/home/someone"))
    found = list(find(f"first line\n{text}", paths))
    assert [line for line, _kind in found] == [2] * len(found)
    assert [said for _line, said in found if kind in said] != []


@pytest.mark.parametrize(
    "text",
    [
        "pip install ansible",
        "FROM debian:bookworm-slim",
        "123456789:AAE…",
        f"12:{'a' * 35}",
        f"{'1' * 9}:{'a' * 64}",
        "-----BEGIN PRIVATE KEY-----",
        "/root/.ansible and /opt/aisha and /tmp/x",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert list(find(text, machine_paths(Path("/tmp/clone"), Path("/root")))) == []  # noqa: S108
