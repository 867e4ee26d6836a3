"""Names that `run` and `health` must derive alike; imports next to nothing, as `health` pays for it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping

from .errors import SettingsError

TOKEN_VARIABLES = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN")
_TOKEN = re.compile(r"([1-9]\d{0,16}):[A-Za-z0-9_-]{24,}")
_INSTANCE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SOCKET_PATH_MAX = 107


def instance_name(env: Mapping[str, str]) -> str:
    """This instance: POLLGUARD_INSTANCE, else INSTANCE_ID, else the host's name.

    Raises SettingsError when it isn't 1 to 64 letters, digits or `_.:-`.
    """
    for variable in ("POLLGUARD_INSTANCE", "INSTANCE_ID"):
        if name := env.get(variable, ""):
            break
    else:
        variable, name = "the host's name", socket.gethostname()
    if not _INSTANCE.fullmatch(name):
        raise SettingsError(f"{variable} must be 1 to 64 letters, digits or _.:- , found {name!r}")
    return name


def lease_name(env: Mapping[str, str]) -> str:
    """The key of the lease: POLLGUARD_LEASE_NAME, else from the bot's id, which is not secret.

    Raises SettingsError when there is neither; the token is never part of the message.
    """
    if name := env.get("POLLGUARD_LEASE_NAME", ""):
        if not name.isprintable() or any(c.isspace() for c in name) or len(name) > 200:
            raise SettingsError(
                "POLLGUARD_LEASE_NAME must be at most 200 printable characters without spaces"
            )
        return name
    for variable in TOKEN_VARIABLES:
        if token := env.get(variable, ""):
            match = _TOKEN.fullmatch(token)
            if match is None:
                raise SettingsError(
                    f"{variable} is not shaped like a bot token: expected digits, a colon and at least 24 "
                    f"letters, digits, _ or -; found {len(token)} characters"
                )
            return f"pollguard:{{{match[1]}}}:lease"
    raise SettingsError(
        "set TELEGRAM_BOT_TOKEN or POLLGUARD_LEASE_NAME: there is nothing to name the lease by"
    )


def socket_name(instance: str, lease: str) -> bytes:
    """The abstract unix socket of a guard: needs no file system, and is gone with its process.

    The lease is part of it, as guards of several bots may share a host's network namespace.
    """
    name = b"\0pollguard/" + os.fsencode(f"{instance}/{lease}")
    if len(name) <= _SOCKET_PATH_MAX:
        return name
    import hashlib  # only for names that don't fit

    return name[: _SOCKET_PATH_MAX - 33] + b"~" + hashlib.sha256(name).hexdigest()[:32].encode()
