"""Sends signed webhooks at a steady pace until its standard input ends: ``python -m updatelab.sender``.

A process of its own, so that neither Ansible nor the test beside it holds it up. The first line of its
standard input is its settings (JSON); it says "sending" once it does, and in the end what became of each
webhook (JSON). The loop is open: a webhook is sent when its time has come, however slow answers are.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

# Signed so many at a time, a few seconds ahead: fal.ai's signatures are good for 300 s.
BATCH = 100
AHEAD = 3
ERROR_LENGTH = 200


@dataclass(frozen=True)
class Settings:
    """What is sent, where and how often.

    Args:
        url: the webhook.
        control: the stand-in's control API, which signs.
        run: begins each request id; a number follows.
        per_second: how many.
        told_every: every so many has a job, of which its user is told; the others are only stored.
        chat_id: the first of the chats.
        keep_alive: send on connections that are kept; else each on its own, as from anywhere in a cloud.
        timeout: seconds for an answer.
    """

    url: str
    control: str
    run: str
    per_second: float = 100.0
    told_every: int = 10
    chat_id: int = 7_000_000
    keep_alive: bool = False
    timeout: float = 15.0


@dataclass
class Sent:
    """One webhook: when it was sent (monotonic), how long the answer took, its status (0: none came)."""

    number: int
    at: float
    seconds: float
    status: int
    error: str = ""


@dataclass
class Sender:
    """Sends until it is told to stop."""

    settings: Settings
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Sent] = field(default_factory=list)
    # The most that one was sent after its time, in seconds: an error of the measurement.
    late: float = 0.0
    _batches: asyncio.Queue[list[dict[str, Any]]] = field(default_factory=lambda: asyncio.Queue(AHEAD))

    def _wanted(self, number: int) -> dict[str, Any]:
        told = number % self.settings.told_every == 0
        # The others are only stored, see ONLY_STORED of the variants.
        payload = {"chat_id": self.settings.chat_id + number % 1000} if told else {"keep": False}
        return {"request_id": f"{self.settings.run}-{number}", "payload": payload}

    async def sign(self, session: aiohttp.ClientSession) -> None:
        """Have batches ready, for ever."""
        first = 0
        while True:
            body = {"deliveries": [self._wanted(number) for number in range(first, first + BATCH)]}
            async with session.post(f"{self.settings.control}/control/fal/sign", json=body) as answer:
                answer.raise_for_status()
                await self._batches.put((await answer.json())["deliveries"])
            first += BATCH

    async def _deliver(self, session: aiohttp.ClientSession, number: int, signed: dict[str, Any]) -> None:
        begun = time.monotonic()
        status, error = 0, ""
        try:
            async with session.post(
                self.settings.url, data=signed["body"].encode(), headers=signed["headers"]
            ) as answer:
                said = await answer.read()
                status = answer.status
                if status != 200:
                    error = said.decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            error = f"{type(problem).__name__}: {problem}"
        took = time.monotonic() - begun
        self.sent.append(Sent(number, begun, round(took, 5), status, error[:ERROR_LENGTH]))

    async def send(self, session: aiohttp.ClientSession) -> None:
        """Send at the pace until told to stop; then wait for the answers that are under way."""
        loop = asyncio.get_running_loop()
        batch = await self._batches.get()
        running: set[asyncio.Task[None]] = set()
        begun, number, position = loop.time(), 0, 0
        print("sending", flush=True)
        while not self.stopping.is_set():
            if position == len(batch):
                batch, position = await self._batches.get(), 0
            due = begun + number / self.settings.per_second
            await asyncio.sleep(due - loop.time())
            self.late = max(self.late, loop.time() - due)
            task = asyncio.create_task(self._deliver(session, number, batch[position]))
            running.add(task)
            task.add_done_callback(running.discard)
            number, position = number + 1, position + 1
        while running:
            await asyncio.wait(running)

    async def run(self) -> None:
        """Sign and send."""
        # The cluster's certificate is self-signed; a context is made once, being dear.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(ssl=context, limit=0, force_close=not self.settings.keep_alive)
        timeout = aiohttp.ClientTimeout(total=self.settings.timeout)
        async with (
            aiohttp.ClientSession() as control,
            aiohttp.ClientSession(
                connector=connector, timeout=timeout, skip_auto_headers=["Accept"]
            ) as session,
        ):
            signing = asyncio.create_task(self.sign(control))
            sending = asyncio.create_task(self.send(session))
            await asyncio.wait({signing, sending}, return_when=asyncio.FIRST_COMPLETED)
            signing.cancel()
            if not sending.done():
                sending.cancel()
                signing.result()
            await sending


async def _main() -> None:
    loop = asyncio.get_running_loop()
    sender = Sender(Settings(**json.loads(sys.stdin.readline())))
    loop.add_reader(sys.stdin.fileno(), sender.stopping.set)
    begun = time.monotonic()
    await sender.run()
    loop.remove_reader(sys.stdin.fileno())
    used = resource.getrusage(resource.RUSAGE_SELF)
    share = (used.ru_utime + used.ru_stime) / (time.monotonic() - begun)
    sent = [asdict(one) for one in sorted(sender.sent, key=lambda one: one.number)]
    print(json.dumps({"cpu_share": round(share, 3), "late": round(sender.late, 4), "sent": sent}))


if __name__ == "__main__":
    asyncio.run(_main())
