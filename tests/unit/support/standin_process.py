"""A stand-in for Telegram, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAB = Path(__file__).resolve().parents[2] / "lab"


def token() -> str:
    """Return a well-formed token that no stand-in knows."""
    return f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(27)[:35]}"


@dataclass(frozen=True)
class Standin:
    """Where it listens."""

    url: str
    control: str

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Use the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)  # noqa: S310 - its own address
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)


@contextmanager
def standin() -> Iterator[Standin]:
    """Run one, without bots, at free ports."""
    command = [sys.executable, "-m", "standin", "--port", "0", "--control-port", "0"]
    environment = os.environ | {"PYTHONPATH": str(LAB)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Standin(*re.findall(r"http://[0-9.:]+", process.stdout.readline()))
        finally:
            process.terminate()
