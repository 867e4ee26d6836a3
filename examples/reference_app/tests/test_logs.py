"""Secrets stay out of logs, and settings say what is wrong without them."""

from __future__ import annotations

import json
import logging
import secrets

import pytest

from app.logs import JsonFormatter, Mask
from app.settings import SettingsError, load

TOKEN = f"{secrets.randbelow(10**9) + 1}:{secrets.token_urlsafe(27)[:35]}"
GIVEN = {
    "DATABASE_URL": "postgresql://app:database-secret@db/app",
    "REDIS_URL": "rediss://:redis-secret@cache:6380/0?ssl_cert_reqs=none",
    "TELEGRAM_TOKEN": TOKEN,
}


def formatted(record: logging.LogRecord) -> str:
    return JsonFormatter("bot-1", Mask(load("polling", GIVEN).secrets)).format(record)


def record(message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    return logging.LogRecord("x", logging.ERROR, "x.py", 1, message, arguments, info)


def failure() -> Exception:
    error = RuntimeError("outer")
    error.__cause__ = OSError(f"POST https://example.org/bot{TOKEN}/sendMessage: database-secret")
    return error


@pytest.mark.parametrize(
    "given",
    [
        record("https://example.org/bot%s/getMe", TOKEN),
        record(f"token={TOKEN} password=redis-secret"),
        record("failed", error=failure()),
        record("%r", {"url": f"/file/bot{TOKEN}/a"}),
        record("another bot's: 1" + TOKEN),
    ],
    ids=["argument", "message", "cause", "repr", "other-token"],
)
def test_secrets_are_masked(given: logging.LogRecord) -> None:
    line = formatted(given)
    assert TOKEN.partition(":")[2] not in line
    assert "database-secret" not in line
    assert "redis-secret" not in line
    assert "***" in line


def test_lines_are_json() -> None:
    given = record("two\nlines")
    given.update_id = 7
    line = formatted(given)
    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "error",
        "logger": "x",
        "instance": json.loads(line)["instance"],
        "message": "two\nlines",
        "update_id": 7,
    }


def test_settings_hide_secrets() -> None:
    settings = load("polling", GIVEN)
    assert TOKEN not in repr(settings)
    assert "secret" not in repr(settings)


def test_queue_has_its_own_database() -> None:
    assert load("polling", GIVEN).queue_url == "rediss://:redis-secret@cache:6380/3?ssl_cert_reqs=none"


@pytest.mark.parametrize(
    ("command", "change", "message"),
    [
        ("polling", {"TELEGRAM_TOKEN": ""}, "not set: TELEGRAM_BOT_TOKEN"),
        ("polling", {"TELEGRAM_TOKEN": "12345:short"}, "TELEGRAM_BOT_TOKEN: not a token"),
        ("webhook", {"DATABASE_URL": "", "REDIS_URL": ""}, "not set: DATABASE_URL, REDIS_URL"),
        ("worker", {}, "not set: S3_ENDPOINT_URL, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET"),
        ("polling", {"WORKER_CONCURRENCY": "many"}, "WORKER_CONCURRENCY: expected a number"),
        ("polling", {"SHUTDOWN_TIMEOUT": "0"}, "SHUTDOWN_TIMEOUT: expected at least 1"),
    ],
)
def test_settings_say_what_is_wrong(command: str, change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(command, GIVEN | change)
    assert "short" not in str(caught.value)
