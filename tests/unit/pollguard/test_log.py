"""No token and no password comes through the log formatter."""

from __future__ import annotations

import logging

import pytest
from pollguard.log import Masker, MaskingFormatter, secrets_in
from pollguard_harness import BOT_ID, make_token

TOKEN = make_token()
ENV = {
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "DATABASE_URL": "postgresql://app:dat%40base@db/app",
    "REDIS_PASSWORD": "re/dis",
    "S3_SECRET_KEY": "longsecret",
    "S3_ACCESS_KEY": "longsecret-and-longer",
    "HOME": "/root",
    "INSTANCE_ID": "bot-polling-1",
    "TELEGRAM_PROXY": "socks5h://user:pro%40xyword@proxy:1080",
}


def formatted(message: str, *arguments: object, **extra: object) -> str:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, message, arguments, None)
    record.__dict__.update(extra)
    return MaskingFormatter(Masker(secrets_in(ENV))).format(record)


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/getUpdates",
        f"token={TOKEN}",
        "could not connect to postgresql://app:dat%40base@db/app",
        "redis://:re/dis@host and redis://:re%2Fdis@host",
        "unknown://user:pa55@host",
        "keys longsecret-and-longer longsecret",
        "login pro@xyword of socks5h://user:pro%40xyword@proxy:1080",
    ],
    ids=["url", "value", "database", "redis", "unknown", "keys", "proxy"],
)
def test_masked(text: str) -> None:
    line = formatted("%s", text)
    for secret in (
        TOKEN.partition(":")[2],
        "dat%40base",
        "re/dis",
        "re%2Fdis",
        "pa55",
        "pro@xyword",
        "pro%40xyword",
        "longsecret",
        "longer",
    ):
        assert secret not in line


def test_what_is_public_stays() -> None:
    line = formatted("bot %s of bot-polling-1 at redis://host:6379/2 in /root", TOKEN)
    assert f"bot {BOT_ID}:*** of" in line
    assert "bot-polling-1 at redis://host:6379/2 in /root" in line


def test_tracebacks_are_masked() -> None:
    try:
        raise ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe")
    except ValueError as error:
        line = formatted("failed", exc_info=(type(error), error, error.__traceback__))
    assert "Traceback" in line
    assert TOKEN not in line
