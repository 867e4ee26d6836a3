"""slow_proxy.py PORT SECONDS: what the server on PORT answers comes late; listens on PORT + 10000.

It writes a line when it is ready, and ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

OFFSET = 10_000


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    loop = asyncio.get_running_loop()
    while data := await reader.read(65536):
        loop.call_later(delay, writer.write, data)
    loop.call_later(delay, writer.close)


async def _main(port: int, delay: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_carry(reader, to_server, 0), _carry(from_server, writer, delay))

    await asyncio.start_server(serve, "0.0.0.0", port + OFFSET)  # noqa: S104 - in a container's network
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    # What is under way just breaks.
    os._exit(0)


asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
