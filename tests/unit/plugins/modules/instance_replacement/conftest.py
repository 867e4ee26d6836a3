"""The module as Ansible sees it; only the Docker client is stood in for, and /proc."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._core import docker as _docker
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import drain as _container_traffic
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import instance_host as _instance_host
from ansible_collections.aisha.cluster.plugins.modules import instance_replacement

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD, CRASHING = (f"sha256:{digit * 64}" for digit in "1234")
SECRET = "correct-horse"  # noqa: S105 - nobody's


@pytest.fixture
def engine(pollers_engine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The one of conftest.py with workers on it, each in a process of its own in a /proc of the test's."""

    class Engine(pollers_engine):  # type: ignore[misc]
        # What is connected to each process, look by look; then nobody is.
        connected: dict[int, list[str]] = {}  # noqa: RUF012
        overlaps = 0

        @classmethod
        def put(cls, name: str, image: str = OLD, *, running: bool = True) -> Any:
            cls.add(name)
            one = cls.there[name]
            one.image, one.running = image, running
            one.labels = {"aisha.cluster": "aisha", "aisha.component": "worker"}
            return one

        @classmethod
        def prepared(cls) -> None:
            cls.there.clear()
            cls.did.clear()
            cls.put("w")
            cls.put("w-next", NEW, running=False)

        @classmethod
        def boxes(cls) -> dict[str, tuple[str, bool]]:
            return {name: (one.image, one.running) for name, one in cls.there.items()}

        def inspect_container(self, name: str) -> dict[str, Any]:
            one = self._find(name)
            found = super().inspect_container(name)
            process = 1000 + int(one.image[-1])
            looks = self.connected.get(process, [])
            folder = tmp_path / str(process) / "net"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "tcp").write_text(looks.pop(0) if looks else "sl\n")
            health: dict[str, Any] = {"Status": "healthy"}
            if one.image == BAD:
                health = {"Status": "unhealthy", "Log": [{"Output": f"no {SECRET}\n"}]}
            status = "running" if one.running else "exited"
            if one.image == CRASHING and one.running:
                one.restarts += 1
                status = "restarting"
            state = {"Status": status, "ExitCode": 3, "Pid": process if one.running else 0, "Health": health}
            return {**found, "State": state, "RestartCount": one.restarts}

        def start(self, name: str) -> None:
            super().start(name)
            running = sum(one.running for one in self.there.values())
            type(self).overlaps = max(self.overlaps, running)

    monkeypatch.setattr(_docker, "APIClient", Engine)
    monkeypatch.setattr(_container_traffic, "PROC", tmp_path)
    monkeypatch.setattr(_container_traffic, "WARM_TIMEOUT", 0.3)
    for module, pause in (
        (_instance_host, "PAUSE"),
        (_instance_host, "_LOOK"),
        (_container_traffic, "_PAUSE"),
    ):
        monkeypatch.setattr(module, pause, 0.001)
    Engine.connected.clear()
    Engine.prepared()
    return Engine


@pytest.fixture
def run(engine: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(state: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
        asked = {"name": "w", "state": state, "health_timeout": 0.1, **arguments}
        asked = {name: value for name, value in asked.items() if value is not None}
        with patch_module_args(asked), pytest.raises(SystemExit) as exited:
            instance_replacement.main()
        printed = capsys.readouterr().out
        assert SECRET not in printed
        return int(exited.value.code or 0), dict(json.loads(printed))

    return run


@pytest.fixture
def website() -> Iterator[tuple[str, list[int]]]:
    """An address, and the statuses that it answers with in turn; the last one stays."""
    statuses = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", statuses
        server.shutdown()
        thread.join()
