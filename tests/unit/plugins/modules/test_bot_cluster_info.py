"""The module as Ansible sees it; only the Docker client is stood in for."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._core import docker as _docker
from ansible_collections.aisha.cluster.plugins.modules import bot_cluster_info
from docker.errors import APIError, DockerException, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, dict[str, Any]]]

GUARD = ["/pollguard/lib/ld.so", "/pollguard/app"]
STATUS = {"instance": "bot-polling-1", "mode": "gate", "role": "active", "good": True, "fault": None}


class Container:
    """One container of the engine that is stood in for."""

    def __init__(self, name: str, status: Any = None, **changes: Any) -> None:
        self.name = name
        self.state = changes.get("state", "running")
        self.status = status  # A dict, an exception, or an event that is waited for.
        self.env = changes.get("env", [])
        self.log = changes.get("log", b"")  # Likewise bytes or an exception.
        self.entrypoint = changes.get("entrypoint", GUARD)
        self.gone = changes.get("gone", False)
        self.image = changes.get("image", "bot@sha256:1")


class Engine:
    """Stands in for docker.APIClient, with the methods that are used and nothing that changes anything."""

    containers_there: list[Container]
    asked: list[tuple[str, Any]]
    api_version = "1.41"

    def __init__(self, **_options: Any) -> None:
        pass

    def _find(self, name: str) -> Container:
        found = next((each for each in self.containers_there if each.name == name and not each.gone), None)
        if found is None:
            raise NotFound("no such container")
        return found

    def containers(self, **options: Any) -> list[dict[str, Any]]:
        self.asked.append(("containers", options))
        return [
            {"Id": each.name, "Names": [f"/{each.name}"], "State": each.state, "Image": each.image}
            for each in self.containers_there
        ]

    def inspect_container(self, name: str) -> dict[str, Any]:
        found = self._find(name)
        return {
            "Name": f"/{name}",
            "Image": "sha256:2",
            "State": {"Status": found.state, "ExitCode": 0},
            "Config": {
                "Image": found.image,
                "Entrypoint": found.entrypoint,
                "Cmd": ["run"],
                "Env": found.env,
            },
        }

    def inspect_image(self, _name: str) -> dict[str, Any]:
        return {"RepoDigests": ["bot@sha256:3"]}

    def logs(self, name: str, **options: Any) -> bytes:
        self.asked.append(("logs", options))
        log = self._find(name).log
        if isinstance(log, Exception):
            raise log
        return bytes(log)

    def exec_create(self, name: str, command: list[str]) -> dict[str, str]:
        self.asked.append(("exec", command))
        return {"Id": name}

    def exec_start(self, name: str, *, demux: bool) -> tuple[bytes | None, bytes | None]:
        assert demux
        status = self._find(name).status
        if isinstance(status, threading.Event):
            status.wait(20)
            return None, None
        if isinstance(status, Exception):
            raise status
        return json.dumps(status).encode(), None

    def exec_inspect(self, _run: str) -> dict[str, Any]:
        return {"ExitCode": 0}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    made = type("Made", (Engine,), {"containers_there": [], "asked": []})
    monkeypatch.setattr(_docker, "APIClient", made)
    return made


@pytest.fixture
def run(engine: type[Engine], capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*containers: Container, **arguments: Any) -> tuple[int, dict[str, Any]]:
        engine.containers_there = list(containers)
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            bot_cluster_info.main()
        return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))

    return run


@pytest.mark.parametrize("check_mode", [False, True])
def test_pollers_are_asked_and_summed_up(check_mode: bool, run: Run, engine: type[Engine]) -> None:
    code, result = run(
        Container("shop-bot-polling-10", {**STATUS, "role": "standby"}),
        Container("shop-bot-polling-9", STATUS, log=b"Conflict: terminated by other getUpdates request"),
        # What an update keeps and prepares beside a poller is none.
        Container("shop-bot-polling-9-previous", state="exited"),
        Container("shop-bot-polling-10-next", state="created"),
        cluster_name="shop",
        log_period=60,
        _ansible_check_mode=check_mode,
    )
    assert (code, result["changed"]) == (0, False)
    assert result["summary"] == {
        "pollers": 2,
        "active": ["shop-bot-polling-9"],
        "ready_standbys": ["shop-bot-polling-10"],
        "unhealthy": [],
        "healthy": True,
    }
    assert [poller["conflicts"]["log"] for poller in result["pollers"]] == [1, 0]
    asked = dict(engine.asked)
    labels = ["aisha.cluster=shop", "aisha.component=bot-polling"]
    assert asked["containers"] == {"all": True, "filters": {"label": labels}}
    assert asked["exec"] == [*GUARD, "status", "--json"]
    assert asked["logs"]["tail"] == 5000
    assert abs(asked["logs"]["since"] - (time.time() - 60)) < 20


def test_no_poller_is_no_failure(run: Run) -> None:
    code, result = run()
    assert (code, result["pollers"], result["summary"]["healthy"]) == (0, [], True)


PAUSED = APIError("409 Client Error", response=requests.Response(), explanation="Container x is paused")


@pytest.mark.parametrize(
    ("container", "problem", "asked"),
    [
        (Container("x", state="exited"), "found it exited with exit code 0", ["containers", "logs"]),
        (Container("x", state="paused"), "found it paused", ["containers", "logs"]),
        (Container("x", entrypoint=["python"]), "found that it doesn't", ["containers", "logs"]),
        (Container("x", PAUSED), "expected to run --json in x, found", ["containers", "logs", "exec"]),
        (Container("x", STATUS, log=PAUSED), None, ["containers", "logs", "exec"]),
    ],
)
def test_a_poller_that_can_not_be_asked_is_no_failure(
    container: Container, problem: str | None, asked: list[str], run: Run, engine: type[Engine]
) -> None:
    code, result = run(container)
    (poller,) = result["pollers"]
    assert code == 0
    assert poller["problem"] == problem if problem is None else problem in poller["problem"]
    assert [what for what, _options in engine.asked] == asked
    assert (poller["conflicts"]["log"] is None) == isinstance(container.log, Exception)


def test_a_frozen_poller_holds_nobody_up(run: Run) -> None:
    thaw = threading.Event()
    started = time.monotonic()
    code, result = run(
        *(Container(f"x-{number}", thaw) for number in (1, 2)), Container("x-3", STATUS), answer_timeout=0.5
    )
    assert time.monotonic() - started < 5
    thaw.set()
    assert code == 0
    problems = {poller["name"]: poller["problem"] for poller in result["pollers"]}
    late = "expected an answer within 0.5 s, found none"
    assert problems == {"x-1": late, "x-2": late, "x-3": None}
    # What was known by then isn't lost.
    assert result["pollers"][0]["image_digest"] == "sha256:1"
    assert result["summary"]["unhealthy"] == ["x-1", "x-2"]


def test_a_container_that_goes_meanwhile_is_not_there(run: Run) -> None:
    _code, result = run(Container("x-1", gone=True), Container("x-2", STATUS))
    assert [poller["name"] for poller in result["pollers"]] == ["x-2"]


def test_no_log_is_read_when_none_is_asked_for(run: Run, engine: type[Engine]) -> None:
    _code, result = run(Container("x", STATUS, image="bot:1"), log_period=0)
    assert "logs" not in dict(engine.asked)
    assert result["pollers"][0]["conflicts"]["log"] is None
    assert result["pollers"][0]["image_digest"] == "sha256:3"


def test_the_token_is_nowhere(run: Run, token: str) -> None:
    _code, result = run(
        Container(
            "x",
            {**STATUS, "last_error": f"GET /bot{token}/getUpdates"},
            env=[f"TELEGRAM_BOT_TOKEN={token}"],
            log=f"{token} terminated by other getUpdates request".encode(),
        ),
        Container("y", DockerException(f"bad {token}"), env=[f"TELEGRAM_TOKEN={token}"]),
    )
    assert result["pollers"][0]["conflicts"]["log"] == 1
    assert token.partition(":")[2] not in json.dumps(result)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"answer_timeout": 0}, "bad_option"),
        ({"log_period": -1}, "bad_option"),
        ({"timeout": 0}, "bad_option"),
    ],
)
def test_bad_options_are_refused(arguments: dict[str, Any], reason: str, run: Run) -> None:
    code, result = run(**arguments)
    assert (code, result["failure"]["reason"]) == (1, reason)


def test_an_engine_that_does_not_answer_is_the_failure(
    run: Run, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Engine, **_options: Any) -> None:
        raise requests.exceptions.ConnectionError("Connection refused")

    monkeypatch.setattr(engine, "containers", refuse)
    code, result = run(docker_host="tcp://192.0.2.1:2375")
    assert code == 1
    assert result["msg"] == (
        "Docker engine tcp://192.0.2.1:2375: expected a list of containers, found Connection refused. "
        "Start the engine, or correct docker_host."
    )


def test_a_defect_is_not_taken_for_a_poller_that_is_late(
    run: Run, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(_self: Engine, _name: str) -> None:
        raise KeyError("defect")

    monkeypatch.setattr(engine, "inspect_container", break_)
    engine.containers_there = [Container("x")]
    with patch_module_args({}), pytest.raises(KeyError, match="defect"):
        bot_cluster_info.main()
