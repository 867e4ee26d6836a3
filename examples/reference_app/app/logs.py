"""One JSON object a line on stdout, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from app.settings import TOKEN

_TOKEN: Final = re.compile(rf"(?<![0-9]){TOKEN.pattern}")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}
# These print a line for every request or job; what matters in them is logged by the application.
_QUIET: Final = (
    "aiobotocore",
    "aiogram.event",
    "aiohttp.access",
    "aiohttp.client",
    "alembic",
    "asyncio",
    "botocore",
    "httpcore",
    "httpx",
    "saq",
    "urllib3",
    "uvicorn.access",
)


class Mask:
    """Cuts tokens, known by their pattern, and the given secrets out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._secrets:
            text = self._secrets.sub("***", text)
        return _TOKEN.sub("***", text)


class JsonFormatter(logging.Formatter):
    """Formats a record with its extras. The mask goes over the finished line, so that arguments,
    exceptions and their causes pass through it as well."""

    def __init__(self, instance: str, mask: Mask) -> None:
        super().__init__()
        self._instance = instance
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "instance": self._instance,
            "message": record.getMessage(),
        }
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return self._mask(json.dumps(line, default=str, ensure_ascii=False))


def setup(instance: str, secrets: Iterable[str] = ()) -> None:
    """Send every logger, warnings and uncaught exceptions through one masked handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(instance, Mask(secrets)))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # it would print a record's arguments unmasked
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logging.getLogger("app").critical("uncaught %s", kind.__name__, exc_info=(kind, error, trace))

    sys.excepthook = uncaught
