"""A bot that playbooks find well."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from standin_process import Standin, standin, token


@pytest.fixture(scope="session")
def telegram() -> Iterator[Standin]:
    with standin() as server:
        yield server


@pytest.fixture
def bot(telegram: Standin) -> dict[str, str]:
    """Return the variables of a bot that Telegram knows, and nobody else's test."""
    known, name = token(), f"bot_{secrets.token_hex(4)}_bot"
    telegram.ask("/control/bots", {"token": known, "username": name})
    return {"telegram_bot_token": known, "telegram_bot_username": name, "telegram_api_url": telegram.url}
