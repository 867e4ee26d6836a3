"""Log lines on stderr, none of which can carry a token or a password."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

_TOKEN = re.compile(r"(?<!\d)(\d{1,17}):[A-Za-z0-9_-]{24,}")
_USERINFO = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|_KEY$|_KEY_", re.IGNORECASE)
# A shorter one would mask ordinary words; in URLs, where they are expected, any length is masked.
_SHORTEST = 6
_MASK = "***"


def secrets_in(env: Mapping[str, str]) -> set[str]:
    """The values in `env` that are secret by their variable's name, or passwords inside URLs."""
    found = {value for name, value in env.items() if _SECRET_NAME.search(name)}
    for value in env.values():
        if "://" in value and "@" in value:
            userinfo = urlsplit_safely(value).rpartition("@")[0]
            password = userinfo.partition(":")[2]
            found |= {password, unquote(password)}
    return found


def urlsplit_safely(url: str) -> str:
    """The part of `url` between `//` and the path, or nothing when it is no URL."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


class Masker:
    """Replaces every secret that it knows, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {s for s in secrets if len(s) >= _SHORTEST}
        known |= {quote(s, safe="") for s in known}
        # Longest first: a secret may contain another one.
        ordered = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """`text` without secrets; a token's bot id is kept, as it is public."""
        text = _TOKEN.sub(rf"\1:{_MASK}", text)
        if self._known is not None:
            text = self._known.sub(_MASK, text)
        return _USERINFO.sub(rf"\1:{_MASK}@", text)


class MaskingFormatter(logging.Formatter):
    """Formats a record whole, tracebacks included, and then masks it."""

    def __init__(self, masker: Masker) -> None:
        super().__init__("%(asctime)s %(levelname)-7s pollguard: %(message)s")
        self._masker = masker

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return self._masker(super().format(record))


def set_up(level: str, masker: Masker) -> None:
    """Send every logger's lines, other libraries' included, through the masking formatter to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter(masker))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("pollguard").setLevel(level.upper())
