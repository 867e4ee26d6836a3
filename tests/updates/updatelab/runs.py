"""Runs of playbooks: kept in full, timed, interrupted where a test wants it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

RUN_S = 900.0
FATAL = re.compile(r"^(?:fatal|failed): \[[^\]]+\].*?=> (?=\{)", re.MULTILINE)
RECAP = re.compile(r"\bchanged=(\d+)")


@dataclass(frozen=True)
class Run:
    """A playbook that has ended: its exit code, all that it said, and how long it took (seconds)."""

    code: int
    said: str
    seconds: float

    @property
    def error(self) -> str:
        """The message of the failure that was told last; all that was said when there is none."""
        last = None
        for last in FATAL.finditer(self.said):  # noqa: B007 - the last one is wanted
            pass
        if last is None:
            return self.said[-3000:]
        found = json.JSONDecoder().raw_decode(self.said[last.end() :])[0]
        return " ".join(str(found.get("msg", found)).split())

    @property
    def changed(self) -> int:
        """How many tasks have changed something."""
        return sum(int(count) for count in RECAP.findall(self.said.rpartition("PLAY RECAP")[2]))


class Playbook:
    """A playbook that runs, as from an operator's terminal: Ctrl-C reaches all of its processes.

    What it says is kept in the file `log`.
    """

    def __init__(
        self,
        root: Path,
        inventory: Path,
        name: str,
        arguments: Sequence[str],
        settings: Mapping[str, str],
        log: Path,
    ) -> None:
        self._said: IO[str] = log.open("w+", encoding="utf-8")
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            ["ansible-playbook", "-i", str(inventory), f"playbooks/{name}", *arguments],
            cwd=root,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Whoever runs the tests in the background has them ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    @property
    def runs(self) -> bool:
        """Whether it still does."""
        return self._process.poll() is None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.killpg(self._process.pid, signal.SIGINT)

    def wait(self, timeout: float = RUN_S) -> Run:
        """Wait until it ends. Raises TimeoutExpired, and kills it, when that takes too long."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
        took = time.monotonic() - self._begun
        with self._said as said:
            said.seek(0)
            return Run(code, said.read(), took)


def variables(values: Mapping[str, object]) -> list[str]:
    """Return the words that give variables to a playbook, whatever their types."""
    return ["-e", json.dumps(values)] if values else []
