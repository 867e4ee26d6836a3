"""The guard's socket: answers questions about it, and takes the order to hand over.

One JSON object a line, request and answer. The socket is abstract, so whoever shares the network
namespace can connect: all may ask, only the guard's own user and root may order.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from .. import exit_codes
from ..errors import SettingsError

log = logging.getLogger("pollguard.status")

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
_ORDERS = ("handover",)
_LONGEST_REQUEST = 4096
_REQUEST_TIMEOUT = 2.0


class NameTakenError(SettingsError):
    """Another guard has the socket."""

    exit_code = exit_codes.NAME_TAKEN


def bind(name: bytes) -> socket.socket:
    """The guard's listening socket; raises NameTakenError when another guard has it."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(name)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise NameTakenError(
                f"another guard named {os.fsdecode(name[1:])} runs here already: "
                "give each its own POLLGUARD_INSTANCE"
            ) from None
        raise
    sock.setblocking(False)
    return sock


class StatusServer:
    """Serves on `sock`; `handlers` by the request's `do`."""

    def __init__(self, sock: socket.socket, handlers: dict[str, Handler]) -> None:
        self._sock = sock
        self._handlers = handlers

    async def run(self) -> None:
        """Serve, for ever."""
        server = await asyncio.start_unix_server(self._serve, sock=self._sock, limit=_LONGEST_REQUEST)
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_TIMEOUT):
                request = json.loads(await reader.readuntil(b"\n"))
            answer = await self._answer(request, writer.get_extra_info("socket"))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, request: dict[str, Any], peer: socket.socket) -> dict[str, Any]:
        name = request.get("do") if isinstance(request, dict) else None
        handler = self._handlers.get(str(name))
        if handler is None:
            return {"error": "unknown request"}
        if name in _ORDERS and _user_of(peer) not in (0, os.getuid()):
            return {"done": False, "message": "only the guard's own user may do that"}
        return await handler(request)


def _user_of(peer: socket.socket) -> int:
    # asyncio's TransportSocket passes getsockopt on.
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user: int = struct.unpack("3i", credentials)[1]
    return user
