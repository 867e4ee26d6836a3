"""What an engine did to instances: how long they took by themselves to become healthy and to stop."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faultlab.engine import Engine

# Instances of the application, whoever named them; not what is only tried, nor nginx.
INSTANCE = re.compile(r"(webhook|bot|worker)")
TRIAL = re.compile(r"(trial|smoke|migrat)")
WATCHED = ("start", "health_status", "kill", "die", "create", "rename", "tag")


@dataclass
class Floor:
    """The sum, over instances, of what no order of steps could have saved: seconds."""

    healthy: float = 0.0
    stopping: float = 0.0
    started: int = 0

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.healthy + self.stopping


def named(event: Mapping[str, Any]) -> str:
    """Return the name of the container or image that an event is about."""
    return str(event["Actor"]["Attributes"].get("name", ""))


def floor(events: Iterable[Mapping[str, Any]]) -> Floor:
    """Return it for an engine's events. What was started and never got healthy counts for nothing."""
    found = Floor()
    starts: dict[str, float] = {}
    kills: dict[str, float] = {}
    for event in events:
        name = named(event)
        if event.get("Type") == "image" or not INSTANCE.search(name) or TRIAL.search(name):
            continue
        one, what, at = str(event["Actor"]["ID"]), str(event["Action"]), event["timeNano"] / 1e9
        if what == "start":
            starts[one] = at
            found.started += 1
        elif what == "health_status: healthy" and one in starts:
            found.healthy += at - starts.pop(one)
        elif what == "kill":
            kills.setdefault(one, at)
        elif what == "die" and one in kills:
            found.stopping += at - kills.pop(one)
    return found


@dataclass
class Recorder:
    """Records an engine's events from when it is made until `stop`."""

    engine: Engine
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        filters = (word for one in WATCHED for word in ("--filter", f"event={one}"))
        words = ("docker", "events", *filters, "--format", "{{json .}}")
        remote = self.engine.remote
        command = [*self.engine.prefix, *((shlex.join(words),) if remote else words)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.events.append(json.loads(line))

    def until(self, wanted: Callable[[Mapping[str, Any]], bool], seconds: float) -> bool:
        """Wait for an event; False when it hasn't come in so many seconds."""
        deadline, seen = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            fresh = self.events[seen:]
            if any(wanted(event) for event in fresh):
                return True
            seen += len(fresh)
            time.sleep(0.02)
        return False

    def stop(self) -> Floor:
        """End it; returns the floor of what was seen."""
        self._process.terminate()
        self._process.wait()
        self._reader.join(5)
        return floor(self.events)
