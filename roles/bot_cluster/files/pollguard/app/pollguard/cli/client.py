"""The client of a running guard's socket: `health`, `status` and `handover`.

Docker runs `health` every few seconds, so nothing dear is imported here.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from .. import exit_codes
from ..naming import instance_name, lease_name, socket_name

_PATIENCE = 2.0
_LARGEST = 1 << 20


class NoAnswer(Exception):
    """No guard listens, or it doesn't answer."""


def ask(env: Mapping[str, str], request: Mapping[str, object], timeout: float = _PATIENCE) -> dict[str, Any]:
    """One request to this instance's guard; raises NoAnswer, or SettingsError when it can't be named."""
    instance = instance_name(env)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect(socket_name(instance, lease_name(env)))
            sock.sendall(json.dumps(request).encode() + b"\n")
            received = b""
            while not received.endswith(b"\n"):
                part = sock.recv(65536)
                if not part or len(received) > _LARGEST:
                    raise NoAnswer(f"the guard of {instance} gave no answer")
                received += part
        except TimeoutError:
            raise NoAnswer(f"the guard of {instance} doesn't answer within {timeout:g} s") from None
        except ConnectionRefusedError:
            raise NoAnswer(f"no guard of {instance} runs here") from None
        except OSError as error:
            raise NoAnswer(f"the guard of {instance} can't be asked: {error}") from None
    answer: dict[str, Any] = json.loads(received)
    return answer


def health() -> int:
    """`pollguard health`."""
    answer = ask(os.environ, {"do": "health"})
    if answer["fault"] is None:
        return exit_codes.OK
    sys.stdout.write(f"{answer['fault']}\n")
    return exit_codes.NOT_GOOD


def status(as_json: bool) -> int:
    """`pollguard status [--json]`."""
    answer = ask(os.environ, {"do": "status"})
    if as_json:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
        return exit_codes.OK
    for key, value in answer.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        sys.stdout.write(f"{key.replace('_', ' '):24} {'-' if text in (None, '') else text}\n")
    return exit_codes.OK


def handover(*, force: bool, as_json: bool) -> int:
    """`pollguard handover [--force] [--json]`: returns when another has the lease, or none will take it."""
    answer = ask(os.environ, {"do": "handover", "force": force}, timeout=3600.0)
    sys.stdout.write(json.dumps(answer) + "\n" if as_json else f"{answer['message']}\n")
    return exit_codes.OK if answer["done"] else exit_codes.NOT_GOOD
