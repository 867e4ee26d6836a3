"""Both ports in one process."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from standin.bot import World
from standin.botapi import BotApi
from standin.control import Control
from standin.fal import Fal

# Polls that wait are cut off when the process is told to stop.
SHUTDOWN_S = 0.2


@dataclass
class Server:
    """The stand-in; a port of 0 is replaced by a free one when it starts."""

    world: World
    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    _runners: list[web.AppRunner] = field(default_factory=list, init=False)

    async def start(self) -> None:
        """Begins to listen. Raises OSError when a port is taken."""
        self.control_port = await self._listen(Control(self.world, Fal()).application(), self.control_port)
        self.port = await self._listen(BotApi(self.world).application(), self.port)

    async def stop(self) -> None:
        """Closes both ports and every connection."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    @property
    def url(self) -> str:
        """Where the Bot API is."""
        return f"http://{self.host}:{self.port}"

    @property
    def control_url(self) -> str:
        """Where the control API is."""
        return f"http://{self.host}:{self.control_port}"

    async def _listen(self, app: web.Application, port: int) -> int:
        # Only with handler cancellation does a poll end the moment its client hangs up.
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_S)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, self.host, port).start()
        return int(runner.addresses[0][1])
