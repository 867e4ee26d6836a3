"""`pollguard run`: checks everything that can be checked, forks the keeper, and becomes the guard."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from . import exits
from .clock import now
from .errors import SettingsError, UsageError
from .executables import check_executable
from .keeper import fork_keeper
from .logs import Masker, secrets_in, set_up
from .names import socket_name
from .processes import adopt_orphans, original_environment
from .settings import GateSettings, Settings, from_environment

if TYPE_CHECKING:
    from .guard import Guard

log = logging.getLogger("pollguard")

_OWN_PREFIX = b"POLLGUARD_"
_kept: list[object] = []
"""The event loop. It is neither closed, which would wait for name lookups that hang, nor collected as
garbage: the process ends right after it."""


def parse_arguments(arguments: list[str], env_mode: str) -> tuple[str, list[str]]:
    """Mode and COMMAND of `run [--mode MODE] [--] COMMAND…`; raises UsageError."""
    mode, rest = env_mode or "gate", list(arguments)
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
    if mode not in ("gate", "process"):
        raise UsageError(f"run: unknown mode {mode!r}, expected gate or process")
    if not rest:
        raise UsageError("run: COMMAND is missing")
    return mode, rest


def command_environment(given: Mapping[bytes, bytes], gate: GateSettings | None) -> dict[bytes, bytes]:
    """COMMAND's environment: the guard's without its own settings, and with the gate for the Bot API."""
    env = {name: value for name, value in given.items() if not name.startswith(_OWN_PREFIX)}
    if gate is not None:
        env |= {os.fsencode(name): gate.url.encode() for name in gate.api_url_variables}
        if any(name.lower().endswith(b"_proxy") for name in env):
            # The way to the gate leads through no proxy.
            for name in (b"NO_PROXY", b"no_proxy"):
                env[name] = b",".join(filter(None, (env.get(name, b""), gate.address.encode())))
    return env


def run(arguments: list[str]) -> int:
    """Exit code of `pollguard run`."""
    given = original_environment()
    text = {os.fsdecode(k): os.fsdecode(v) for k, v in given.items()}
    mode, argv = parse_arguments(arguments, text.get("POLLGUARD_MODE", ""))
    settings = from_environment(text, mode)
    env = command_environment(given, settings.gate)
    check_executable(argv[0], text)
    set_up(settings.log_level, Masker({*secrets_in(text), *settings.redis.secrets}))
    adopt_orphans()
    # As early as can be: the keeper stays as small as the process is now, and has its one thread.
    keeper = fork_keeper(argv, env, now)
    log.debug("keeper pid %d", keeper[0])

    import asyncio

    from .status import bind

    listener = bind(socket_name(settings.instance, settings.lease))
    make = _guard_maker(settings, env, keeper, listener)
    logging.captureWarnings(True)
    try:
        runner = asyncio.Runner()
        _kept.append(runner)
        return runner.run(_run(make))
    except SettingsError:
        raise
    except Exception:
        # The keeper kills COMMAND as soon as this process has ended.
        log.critical("the guard failed", exc_info=True)
        return exits.INTERNAL


async def _run(make: Callable[[], Guard]) -> int:
    return await make().run()


def _guard_maker(
    settings: Settings,
    env: dict[bytes, bytes],
    keeper: tuple[int, socket.socket],
    listener: socket.socket,
) -> Callable[[], Guard]:
    # Each mode imports what it needs only: that is most of the guard's memory.
    if settings.gate is None:
        from .process_mode import ProcessGuard

        return lambda: ProcessGuard(settings, env, keeper, listener)
    from .gate import bind
    from .gate_mode import GateGuard

    gate = settings.gate
    gate_listener = bind(gate.address, gate.port)
    return lambda: GateGuard(settings, gate, env, keeper, (listener, gate_listener))
