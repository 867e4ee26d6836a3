"""`pollguard run`: checks everything that can be checked, and becomes the guard."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .. import exit_codes, proxy
from ..config import GateSettings, Settings, from_environment
from ..errors import SettingsError, UsageError
from ..log import Masker, secrets_in, set_up
from ..naming import socket_name
from ..supervisor.processes import adopt_orphans, decoded, original_environment
from .executables import check_executable

if TYPE_CHECKING:
    from ..guard import Guard, Launch

log = logging.getLogger("pollguard")

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


def additions_for(env: Mapping[str, str], gate: GateSettings | None) -> dict[bytes, bytes]:
    """What COMMAND's environment has instead: the gate for the Bot API, the alias for the token."""
    if gate is None:
        return {}
    added = {
        os.fsencode(name): os.fsencode(value.replace(gate.token, gate.bot_token))
        for name, value in env.items()
        if gate.token in value
    }
    added |= {os.fsencode(name): gate.url.encode() for name in gate.api_url_variables}
    if env.get(proxy.VARIABLE):
        # The guard uses it for COMMAND, which then needs no login of it.
        added[proxy.VARIABLE.encode()] = b""
    if any(name.lower().endswith("_proxy") and name != proxy.VARIABLE for name in env):
        # The way to the gate leads through no proxy.
        for name in ("NO_PROXY", "no_proxy"):
            added[name.encode()] = ",".join(filter(None, (env.get(name, ""), gate.address))).encode()
    return added


def run(arguments: list[str], keeper: tuple[int, socket.socket]) -> int:
    """Exit code of `pollguard run`, given its keeper."""
    env = decoded(original_environment())
    mode, argv = parse_arguments(arguments, env.get("POLLGUARD_MODE", ""))
    settings = from_environment(env, mode)
    check_executable(argv[0], env)
    set_up(settings.log_level, Masker({*secrets_in(env), *settings.redis.secrets}))
    adopt_orphans()
    log.debug("keeper pid %d", keeper[0])

    import asyncio

    from ..status.server import bind

    listener = bind(socket_name(settings.instance, settings.lease))
    from ..guard import Launch

    if settings.gate is not None:
        argv = [word.replace(settings.gate.token, settings.gate.bot_token) for word in argv]
    make = _guard_maker(settings, Launch(argv, additions_for(env, settings.gate), keeper), listener)
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
        return exit_codes.INTERNAL


async def _run(make: Callable[[], Guard]) -> int:
    return await make().run()


def _guard_maker(
    settings: Settings,
    command: Launch,
    listener: socket.socket,
) -> Callable[[], Guard]:
    # Each mode imports what it needs only: that is most of the guard's memory.
    if settings.gate is None:
        from ..process.mode import ProcessGuard

        return lambda: ProcessGuard(settings, command, listener)
    from ..gate.mode import GateGuard
    from ..gate.server import bind

    gate = settings.gate
    gate_listener = bind(gate.address, gate.port)
    return lambda: GateGuard(settings, gate, command, (listener, gate_listener))
