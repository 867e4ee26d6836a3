"""Parameters of a request, however they came: query, form, multipart or JSON; all text, as on the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from standin.errors import bad_request

_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True)
class Upload:
    """A file sent in a multipart body."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Params:
    """Text parameters and uploaded files by name."""

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        return self.values.get(name, default)

    def integer(self, name: str, default: int, low: int | None = None, high: int | None = None) -> int:
        """A parameter as a number, clamped. Text that isn't one counts as 0: the Bot API never complains."""
        text = self.values.get(name, "")
        number = default
        if text:
            match = _INTEGER.match(text)
            number = int(match.group()) if match else 0
        if low is not None:
            number = max(number, low)
        return number if high is None else min(number, high)

    def flag(self, name: str) -> bool:
        """A parameter as a truth value."""
        return self.values.get(name, "").strip().lower() in {"true", "yes", "1"}

    def json(self, name: str) -> Any:
        """A parameter that holds JSON, None when left out.

        Raises ApiError 400 when it can't be parsed.
        """
        text = self.values.get(name, "")
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def _json_body(request: web.Request) -> dict[str, str]:
    # The real server logs a body that it can't parse and goes on without it.
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        return {}
    return {name: _as_text(value) for name, value in body.items()} if isinstance(body, dict) else {}


async def read_params(request: web.Request) -> Params:
    """Reads every parameter of a request; where a name comes twice the query's wins."""
    values: dict[str, str] = {}
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values.update(await _json_body(request))
    elif request.method == "POST":
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                files[name] = Upload(part.filename, part.content_type, part.file.read())
            else:
                values.setdefault(name, part if isinstance(part, str) else bytes(part).decode())
    for name, value in request.query.items():
        values[name] = value
    return Params(values, files)
