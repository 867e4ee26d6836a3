"""`python -m standin`: runs the stand-in until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

from standin.bot import World
from standin.server import Server


def _arguments() -> argparse.Namespace:
    env = os.environ.get
    parser = argparse.ArgumentParser(prog="standin", description="Stands in for Telegram and fal.ai.")
    parser.add_argument("--host", default=env("STANDIN_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(env("STANDIN_PORT", "8081")), help="Bot API")
    parser.add_argument(
        "--control-port", type=int, default=int(env("STANDIN_CONTROL_PORT", "8082")), help="control, fal.ai"
    )
    parser.add_argument(
        "--front",
        action="store_true",
        default=env("STANDIN_FRONT", "") in {"1", "true", "yes"},
        help="answer malformed tokens 404, as Telegram's front does, not 401 as its server does",
    )
    parser.add_argument("--bots", default=env("STANDIN_BOTS", ""), help="token=username,token2=username2")
    return parser.parse_args()


def _add_bots(world: World, bots: str) -> None:
    for pair in filter(None, (part.strip() for part in bots.split(","))):
        token, _, username = pair.partition("=")
        world.add(token, username or "standin_bot")


async def _run(arguments: argparse.Namespace) -> None:
    world = World(front=arguments.front)
    _add_bots(world, arguments.bots)
    server = Server(world, arguments.host, arguments.port, arguments.control_port)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start()
    print(f"Bot API at {server.url}, control API at {server.control_url}", flush=True)
    try:
        await stopped.wait()
    finally:
        await server.stop()


def main() -> int:
    """Returns the exit code."""
    try:
        asyncio.run(_run(_arguments()))
    except (OSError, ValueError) as error:
        print(f"standin: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
