"""HTTP as the gate serves it: whatever it refuses, unparsable requests included, it refuses in JSON."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp.http_exceptions import LineTooLong

# Not aiohttp.web: of what that loads, the most isn't needed.
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server as AiohttpServer

from . import bot_api

log = logging.getLogger("pollguard.gate")

# The gate never closes a connection first: COMMAND would lose the call that it was about to make.
_KEEP_ALIVE = 86_400.0
# A message of 4096 characters takes 24 KB in a URL, 48 KB if none is in the Basic Multilingual Plane.
_LONGEST_LINE = 64 * 1024
_LONGEST_FIELD = 16 * 1024
_OPTIONS: dict[str, Any] = {
    "keepalive_timeout": _KEEP_ALIVE,
    "auto_decompress": False,
    "access_log": None,
    "max_line_size": _LONGEST_LINE,
    "max_field_size": _LONGEST_FIELD,
}
_UNPARSABLE = "Bad Request: the request can't be parsed as HTTP"
_TOO_LONG = "Bad Request: the URL or a header is too long; send parameters in the body"
_FAILED = "Internal Server Error: see the log of the poll guard"


class Server(AiohttpServer):
    """Accepts connections; each becomes a handler of its own."""

    def __call__(self) -> RequestHandler:
        """Return the handler of a new connection."""
        return _Handler(self, loop=self._loop, **_OPTIONS)


class _Handler(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Answer a request that can't be parsed, or that the gate failed at."""
        if status < 500:
            # Not the error's text: it quotes the request, and that may have the token.
            log.warning("a request of COMMAND's can't be parsed as HTTP: %s", type(exc).__name__)
            description = _TOO_LONG if isinstance(exc, LineTooLong) else _UNPARSABLE
        else:
            log.error("a request of COMMAND's failed", exc_info=exc)
            description = _FAILED
        if request.writer.output_size > 0:
            # Part of a response is out: only the end of the connection can tell that it isn't whole.
            raise ConnectionError("a response has begun")
        response = refuse(status, description)
        response.force_close()
        return response


def refuse(status: int, description: str) -> Response:
    """Return an error as the Bot API reports it."""
    return Response(status=status, body=bot_api.refusal(status, description), content_type="application/json")


def send_continue(request: BaseRequest) -> None:
    """Ask a client for its body that waits to be asked; to be called before the body is read."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def parameters(request: BaseRequest) -> dict[str, str]:
    """A call's parameters, wherever they are; of several of one name the first counts, as at Telegram.

    Raises HTTPRequestEntityTooLarge, or what aiohttp raises for a broken form.
    """
    found: dict[str, str] = {}
    for name, value in request.query.items():
        found.setdefault(name, value)
    if request.can_read_body:
        send_continue(request)
        if request.content_type == "application/json":
            return bot_api.parse_json(await request.read()) | found
        for name, part in (await request.post()).items():
            # A part with a content type of its own comes as bytes; one with a file name is no parameter.
            if isinstance(part, bytes | bytearray):
                found.setdefault(name, part.decode())
            elif isinstance(part, str):
                found.setdefault(name, part)
    return found
