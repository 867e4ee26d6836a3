"""`pollguard run`: checks everything that can be checked, forks the keeper, and becomes the guard."""

from __future__ import annotations

import logging
import os

from . import exits
from .clock import now
from .errors import SettingsError, UsageError
from .executables import check_executable
from .keeper import fork_keeper
from .logs import Masker, secrets_in, set_up
from .names import socket_name
from .processes import adopt_orphans, original_environment
from .settings import from_environment

log = logging.getLogger("pollguard")

_OWN_PREFIX = b"POLLGUARD_"
_kept: list[object] = []
"""The event loop. It is neither closed, which would wait for name lookups that hang, nor collected as
garbage: the process ends right after it."""


def parse_arguments(arguments: list[str], env_mode: str) -> list[str]:
    """COMMAND of `run [--mode MODE] [--] COMMAND…`; raises UsageError."""
    mode, rest = env_mode or "process", list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        name, equals, value = option.partition("=")
        if name != "--mode":
            raise UsageError(f"run: unknown option {name}")
        if not equals:
            if not rest:
                raise UsageError("run: --mode needs a value")
            value = rest.pop(0)
        mode = value
    if mode != "process":
        raise UsageError(f"run: unknown mode {mode!r}, expected process")
    if not rest:
        raise UsageError("run: COMMAND is missing")
    return rest


def run(arguments: list[str]) -> int:
    """Exit code of `pollguard run`."""
    given = original_environment()
    text = {os.fsdecode(k): os.fsdecode(v) for k, v in given.items()}
    argv = parse_arguments(arguments, text.get("POLLGUARD_MODE", ""))
    settings = from_environment(text)
    env = {k: v for k, v in given.items() if not k.startswith(_OWN_PREFIX)}
    check_executable(argv[0], text)
    set_up(settings.log_level, Masker({*secrets_in(text), *settings.redis.secrets}))
    adopt_orphans()
    # As early as can be: the keeper stays as small as the process is now, and has its one thread.
    keeper = fork_keeper(argv, env, now)
    log.debug("keeper pid %d", keeper[0])

    import asyncio

    from .guard import Guard
    from .status import bind

    listener = bind(socket_name(settings.instance, settings.lease))
    logging.captureWarnings(True)
    try:
        runner = asyncio.Runner()
        _kept.append(runner)
        return runner.run(Guard(settings, env, keeper, listener).run())
    except SettingsError:
        raise
    except Exception:
        # The keeper kills COMMAND as soon as this process has ended.
        log.critical("the guard failed", exc_info=True)
        return exits.INTERNAL
