"""A bad network between a guard and Redis, or Telegram."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from pollguard_harness import free_port


class BadNetwork:
    """A TCP relay that can be slow, silent or closed; runs in a thread."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.delay = 0.0
        """Seconds by which each piece of data is held up, each way."""
        self.silent = False
        """Nothing passes, nothing is refused."""
        self._down = False
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait(5)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/2"

    def cut(self) -> None:
        """Break all connections off, and each new one at once."""
        self._down = True
        self._loop.call_soon_threadsafe(self._abort)

    def mend(self) -> None:
        """As before."""
        self._down = False

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def close(self) -> None:
        self.silent = False
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(5)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self._ready.set()
        self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._down:
            self._abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass_on(reader, up_writer), self._pass_on(up_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                while self.silent:  # noqa: ASYNC110 (set from another thread)
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        writer.close()
