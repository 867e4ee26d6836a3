"""What a role shows of another program's output."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.filter.redact import redact

URL = "postgresql://bot:hu/sh@db/bot"


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("no route to bot:hu/sh@db", {"DATABASE_URL": URL}, "no route to bot:***@db"),
        (f"{URL} refused", {"DATABASE_URL": URL}, "postgresql://bot:***@db/bot refused"),
        ("login 12345678", {"DB_PASSWORD": 12345678, "DEBUG": True, "EMPTY": None}, "login ***"),
        ("one-secret, two-secret", [{"A_TOKEN": "one-secret"}, {"B_TOKEN": "two-secret"}], "***, ***"),
        ("redis://:horse@redis", None, "redis://:***@redis"),
        ("bot1:ABCDEFGHIJKLMNOPQRSTUVWX", {}, "bot1:***"),
        (None, {}, "None"),
    ],
)
def test_secrets_of_the_environment_are_masked(text: Any, environment: Any, expected: str) -> None:
    assert redact(text, environment) == expected
