"""An engine with pollers on it, stood in for at the Docker client."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core import docker as _docker
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import poller_host as _poller_host
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import poller_run as _rolling_restart
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import poller_steps as _rolling_steps
from docker.errors import APIError, NotFound

GUARD = ["/pollguard/lib/ld.so", "/pollguard/app"]
OLD, NEW, BAD, DEAF = (f"sha256:{digit * 64}" for digit in "1234")
SECRET = "correct-horse"  # noqa: S105 - nobody's
IMAGES: dict[str, dict[str, Any]] = {
    image: {"Id": image, "RepoDigests": [], "Config": {"Entrypoint": ["bot"], "Env": []}}
    for image in (OLD, NEW, BAD, DEAF)
}


@dataclass
class Container:
    """One container, with a guard that is as good as its image."""

    name: str
    image: str = OLD
    running: bool = True
    env: list[str] = field(default_factory=lambda: [f"REDIS_PASSWORD={SECRET}", "A=1"])
    labels: dict[str, str] = field(
        default_factory=lambda: {"aisha.cluster": "aisha", "aisha.component": "bot-polling"}
    )
    restarts: int = 0
    identity: str = ""
    state: str = ""
    exit_code: int = 0
    health: str = ""
    started: str = "0001-01-01T00:00:00Z"
    log: str = f"Traceback\n{SECRET}\n"

    @property
    def instance(self) -> str:
        return self.name.removesuffix("-previous").removesuffix("-next")

    @property
    def good(self) -> bool:
        return self.running and self.image != BAD


class Engine:
    """Stands in for docker.APIClient. One lease, which a good running poller takes when it is free."""

    there: ClassVar[dict[str, Container]]
    did: ClassVar[list[str]]
    lease: ClassVar[list[str]]
    remote: ClassVar[list[str]]
    failing: ClassVar[dict[str, int]]
    api_version = "1.41"
    runs: ClassVar[dict[str, tuple[str, list[str]]]] = {}
    older_guard: ClassVar[bool] = False

    def __init__(self, **_options: Any) -> None:
        pass

    @classmethod
    def pair(cls) -> None:
        """Two pollers, of which the first is active."""
        cls.lease[:] = ["p-1"]
        for name in ("p-1", "p-2"):
            cls.add(name)

    @classmethod
    def add(cls, name: str) -> None:
        cls.there[name] = Container(name)

    @classmethod
    def images(cls) -> dict[str, str]:
        """The image of every container."""
        return {name: one.image for name, one in cls.there.items()}

    def _find(self, name: str) -> Container:
        if name not in self.there:
            raise NotFound("no such container")
        return self.there[name]

    def _do(self, words: str) -> None:
        left = self.failing.get(words)
        if left is not None:
            self.failing[words] = left - 1
            if left == 0:
                raise APIError(f"500 {words} {SECRET}")
        self.did.append(words)

    def _settle(self, but: str = "") -> None:
        """Give a lease that is free to whoever is ready."""
        held = [each for each in self.there.values() if each.running and each.instance in self.lease]
        if held or set(self.lease) & set(self.remote):
            return
        ready = [each.instance for each in self.there.values() if each.good and each.instance != but]
        self.lease[:] = [*ready, *self.remote][:1]

    def containers(self, *, filters: dict[str, list[str]], **_options: Any) -> list[dict[str, Any]]:
        return [
            {
                "Id": name,
                "Names": [f"/{name}"],
                "State": "running" if one.running else "exited",
                "Image": one.image,
                "Labels": dict(one.labels),
            }
            for name, one in self.there.items()
            if {tuple(label.split("=")) for label in filters["label"]} <= one.labels.items()
        ]

    def inspect_container(self, name: str) -> dict[str, Any]:
        found = self._find(name)
        state = found.state or ("running" if found.running else "exited")
        health = {"Health": {"Status": found.health}} if found.health else {}
        return {
            "Id": found.name,
            "Name": f"/{name}",
            "Image": found.image,
            "RestartCount": found.restarts,
            "State": {
                "Status": state,
                "ExitCode": found.exit_code,
                "StartedAt": found.started,
                **health,
            },
            "Config": {
                "Image": found.image,
                "Entrypoint": GUARD,
                "Cmd": ["run", "--", "bot", "polling"],
                "Env": list(found.env),
                "Labels": dict(found.labels),
                "StopTimeout": 35,
            },
            "HostConfig": {"NetworkMode": "shop"},
            "NetworkSettings": {"Networks": {"shop": {}}},
        }

    def inspect_image(self, name: str) -> dict[str, Any]:
        if name not in IMAGES:
            raise NotFound("no such image")
        return IMAGES[name]

    def logs(self, name: str, **_options: Any) -> bytes:
        return self._find(name).log.encode()

    def create_container_from_config(self, config: dict[str, Any], name: str) -> None:
        self._do(f"create {name}")
        self.there[name] = Container(name, config["Image"], False, config["Env"], config["Labels"])

    def start(self, name: str) -> None:
        self._do(f"start {name}")
        self._find(name).running = True
        self._settle()

    def stop(self, name: str, *, timeout: int) -> None:
        self._do(f"stop {name} {timeout}")
        found = self._find(name)
        if found.running and found.instance in self.lease:
            self.lease.clear()
        found.running = False
        self._settle()

    def rename(self, name: str, new: str) -> None:
        self._do(f"rename {name} {new}")
        found = self.there.pop(name)
        found.name = new
        self.there[new] = found

    def remove_container(self, name: str, *, force: bool) -> None:
        assert force
        found = self._find(name)
        self._do(f"remove {name}")
        assert not found.running
        del self.there[name]

    def exec_create(self, name: str, command: list[str]) -> dict[str, str]:
        self.runs[name] = (name, command)
        return {"Id": name}

    def exec_start(self, run: str, *, demux: bool) -> tuple[bytes | None, bytes | None]:
        assert demux
        name, command = self.runs[run]
        found = self._find(name)
        if "handover" in command:
            if "--json" not in command:
                return f"{self._hand_over(found)['message']}\n".encode(), None
            if self.older_guard:
                return None, b"pollguard: not understood: handover\n"
            return json.dumps(self._hand_over(found)).encode(), None
        self._settle()
        active = found.instance in self.lease
        deaf = active and found.image == DEAF
        ready = [
            each.instance for each in self.there.values() if each.good and each.instance not in self.lease
        ]
        status = {
            "instance": found.instance,
            "mode": "gate",
            "role": "active" if active else "standby",
            "good": found.good,
            "fault": None if found.good else f"COMMAND doesn't run with {SECRET}",
            "holder": next(iter(self.lease), ""),
            "standbys": [*ready, *self.remote],
            "poll_age_s": 30 if deaf else 0,
            "command_poll_age_s": 30 if deaf else 0,
        }
        return json.dumps(status).encode(), None

    def _hand_over(self, found: Container) -> dict[str, Any]:
        self.did.append(f"hand_over {found.name}")
        self.lease.clear()
        self._settle(but=found.instance)
        if not self.lease:
            return {"done": False, "outcome": "no_standby", "holder": None, "gap_s": None, "message": "no"}
        message = f"any words about {self.lease[0]}"
        return {
            "done": True,
            "outcome": "taken",
            "holder": self.lease[0],
            "gap_s": 0.004,
            "message": message,
        }

    def exec_inspect(self, run: str) -> dict[str, Any]:
        refused = self.older_guard and self.runs[run][1][-2:] == ["handover", "--json"]
        return {"ExitCode": 64 if refused else 0}


@pytest.fixture
def pollers_engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    fresh: dict[str, Any] = {"there": {}, "did": [], "lease": ["p-1"], "remote": [], "failing": {}}
    made = type("Made", (Engine,), fresh)
    monkeypatch.setattr(_docker, "APIClient", made)
    for module in (_poller_host, _rolling_restart):
        monkeypatch.setattr(module, "PAUSE", 0.001)
    for module in (_rolling_steps, _rolling_restart):
        monkeypatch.setattr(module, "LISTEN", 0.01)
    monkeypatch.setattr(_rolling_restart, "_SETTLE", 0.05)
    return made
