"""``python -m app COMMAND``: the entry point of the bot image."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from typing import Final

from app import logs
from app.settings import SettingsError, load

# Which of several pollers polls is decided outside (by the poll guard), so a standby runs the same code.
COMMANDS: Final = {
    "polling": "app.bot.polling",
    "polling_standby": "app.bot.polling",
    "worker": "app.worker",
    "migrate": "app.migrate",
}
USAGE: Final = f"usage: python -m app {{{','.join(COMMANDS)}}}"


def main(arguments: list[str]) -> int:
    """Run a command and return the exit code: 0 stopped in order, 1 failed, 2 wrong usage or settings."""
    # As a container's first process Python would ignore SIGTERM until a handler is set, imports included.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    command = arguments[0] if arguments else ""
    if command in ("-h", "--help"):
        print(USAGE)
        return 0
    if command not in COMMANDS:
        print(f"unknown command {command!r}; {USAGE}", file=sys.stderr)
        return 2
    if len(arguments) > 1 and command != "migrate":
        print(f"{command} takes no arguments; {USAGE}", file=sys.stderr)
        return 2
    try:
        settings = load("polling" if command == "polling_standby" else command)
    except SettingsError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    logs.setup(settings.instance_id, settings.secrets)
    run = importlib.import_module(COMMANDS[command]).run
    code: int = asyncio.run(run(settings, *arguments[1:]))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
