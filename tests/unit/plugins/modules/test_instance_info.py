"""The module as Ansible sees it; the Docker client and the time are stood in for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._instances import state as _instances
from ansible_collections.aisha.cluster.plugins.module_utils._instances.stats import Use
from ansible_collections.aisha.cluster.plugins.modules import instance_info
from docker.errors import APIError
from requests.exceptions import ConnectionError as Refused

if TYPE_CHECKING:
    from .conftest import Engine

SECRET = "correct-horse"  # noqa: S105 - nobody's
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3600.0
Later = list[tuple[float, dict[str, Any]]]


def ago(seconds: float) -> str:
    """As an engine writes it, with nanoseconds."""
    return (BEGAN - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@dataclass
class Here:
    """The engine, and a time that goes on only while the module sleeps."""

    engine: type[Engine]
    capsys: pytest.CaptureFixture[str]
    passed: float = 0.0
    later: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, name: str, component: str = "worker", cluster: str = "aisha", **changes: Any) -> None:
        self.engine.add(name)
        labels = {"aisha.cluster": cluster, "aisha.component": component}
        self.change(name, labels=labels, started=ago(HOUR))
        self.change(name, **changes)

    def change(self, name: str, **changes: Any) -> None:
        vars(self.engine.there[name]).update(changes)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Change containers as it was said before."""
        self.passed += seconds
        assert self.passed < HOUR
        for moment, name, changes in self.later:
            if moment <= self.passed:
                self.change(name, **changes)

    def run(self, **arguments: Any) -> tuple[int, dict[str, Any]]:
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            instance_info.main()
        printed = self.capsys.readouterr().out
        assert SECRET not in printed
        return int(exited.value.code or 0), dict(json.loads(printed))


@pytest.fixture
def here(
    pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    made = Here(pollers_engine, capsys)

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # its own time is what is set
            return cls.fromisoformat((BEGAN + timedelta(seconds=made.passed)).astimezone(tz).isoformat())

    monkeypatch.setattr(instance_info, "time", made)
    monkeypatch.setattr(_instances, "datetime", Moment)
    return made


def messages(result: dict[str, Any]) -> list[str]:
    return [problem["message"].partition(" Its last lines: ")[0] for problem in result["problems"]]


@pytest.mark.parametrize("check_mode", [False, True])
def test_instances_are_told_by_name(check_mode: bool, here: Here) -> None:
    here.add("worker-2", health="healthy", restarts=1)
    here.add("nginx-1", "nginx", started=ago(71.25))
    # What an update keeps and prepares, what isn't asked for, and other clusters.
    here.add("worker-2-previous", running=False)
    here.add("worker-2-next", state="created")
    here.add("worker-2-trial", "trial")
    here.add("registry", "registry")
    here.add("shop-worker-1", cluster="shop")
    here.add("unrelated", labels={})
    code, result = here.run(_ansible_check_mode=check_mode)
    image = here.engine.there["nginx-1"].image
    common = {
        "image": image,
        "state": "running",
        "exit_code": None,
        "problem": None,
        "memory_limit_bytes": None,
    }
    nginx = {"name": "nginx-1", "component": "nginx", "health": None, "restarts": 0, "age_s": 71.2}
    worker = {"name": "worker-2", "component": "worker", "health": "healthy", "restarts": 1, "age_s": HOUR}
    assert (code, result["changed"], result["problems"], result["waited_s"]) == (0, False, [], 0.0)
    assert result["instances"] == [nginx | common, worker | common]
    assert here.engine.did == []


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["bot-1", "web-1"]),
        ({"components": ["trial", "webhook-api"]}, ["bot-1-trial", "web-1"]),
        ({"cluster_name": "shop"}, ["shop-bot-1"]),
        ({"cluster_name": "none"}, []),
        # By name, whatever they are, in the order in which they are named.
        ({"names": ["web-1-previous", "shop-bot-1"]}, ["web-1-previous", "shop-bot-1"]),
        ({"names": []}, []),
    ],
)
def test_which_are_looked_at(arguments: dict[str, Any], names: list[str], here: Here) -> None:
    here.add("web-1", "webhook-api")
    here.add("web-1-previous", "webhook-api")
    here.add("bot-1", "bot-polling")
    here.add("bot-1-trial", "trial")
    here.add("shop-bot-1", "bot-polling", "shop")
    code, result = here.run(**arguments)
    assert (code, result["problems"]) == (0, [])
    assert [each["name"] for each in result["instances"]] == names


@pytest.mark.parametrize(
    ("found", "message", "running"),
    [
        ({"health": "unhealthy"}, "it well, found that it is unhealthy.", True),
        ({"health": "starting"}, "it well, found that it is starting.", True),
        # What the engine had to start again isn't mended by time.
        ({"health": "unhealthy", "restarts": 1}, "it well, found that it is unhealthy.", False),
        (
            {"state": "restarting", "restarts": 2, "exit_code": 3},
            "it well, found that it ends and is started again (2 times, exit code 3).",
            False,
        ),
        ({"running": False, "exit_code": 137}, "it well, found that it is exited, exit code 137.", False),
        ({"state": "paused"}, "it well, found that it is paused.", False),
    ],
)
def test_one_that_is_not_well_is_no_failure(
    found: dict[str, Any], message: str, running: bool, here: Here
) -> None:
    here.add("worker-1", **found, log="\n  no module named x  \n\n")
    here.add("worker-2")
    code, result = here.run()
    assert code == 0
    assert result["problems"] == [
        {
            "name": "worker-1",
            "component": "worker",
            "running": running,
            "expected": "it well",
            "found": message.removeprefix("it well, found ").removesuffix("."),
            "last_lines": "no module named x",
            "message": f"worker-1: expected {message} Its last lines: no module named x",
        }
    ]
    assert [each["problem"] is None for each in result["instances"]] == [False, True]


def test_one_that_is_missing_ends_it_at_once(here: Here) -> None:
    here.add("worker-1", health="starting")
    code, result = here.run(names=["worker-1", "worker-2"], healthy_within=60)
    assert (code, result["waited_s"]) == (0, 0.0)
    assert [each["name"] for each in result["instances"]] == ["worker-1"]
    assert result["problems"][0] == {
        "name": "worker-2",
        "component": None,
        "running": False,
        "expected": "a container of that name",
        "found": "none",
        "last_lines": "",
        "message": "worker-2: expected a container of that name, found none.",
    }
    assert [problem["name"] for problem in result["problems"]] == ["worker-2", "worker-1"]


HEALTHY = "worker-1: expected it to be healthy within 5 s, found that it is"


@pytest.mark.parametrize(
    ("later", "waited", "told"),
    [
        ([(3.2, {"health": "healthy"})], 3.5, []),
        ([(1.0, {"health": "unhealthy"}), (5.0, {"health": "healthy"})], 5.0, []),
        ([], 5.0, [f"{HEALTHY} starting."]),
        ([(1.0, {"health": "unhealthy"})], 5.0, [f"{HEALTHY} unhealthy."]),
        ([(1.0, {"running": False, "exit_code": 3})], 1.0, [f"{HEALTHY} exited, exit code 3."]),
        ([(1.0, {"state": "restarting", "restarts": 1}), (2.0, {"state": "", "health": ""})], 2.0, []),
    ],
)
def test_health_is_waited_for(later: Later, waited: float, told: list[str], here: Here) -> None:
    here.add("worker-1", health="starting")
    here.add("worker-2", health="healthy")
    here.later = [(seconds, "worker-1", changes) for seconds, changes in later]
    code, result = here.run(healthy_within=5)
    assert (code, result["waited_s"], messages(result)) == (0, waited, told)


AGAIN = "worker-1: expected it to run for 30 s without a restart, found that it ended and was started again"


@pytest.mark.parametrize(
    ("found", "later", "waited", "told"),
    [
        # Those that have run for long, even if the engine has started them again before.
        ({}, [], 0.0, []),
        ({"restarts": 3, "started": ago(30)}, [], 0.0, []),
        # A fresh one, and one that isn't healthy from the beginning.
        ({"started": ago(10)}, [], 20.0, []),
        ({"started": ago(0.25)}, [], 30.0, []),
        ({"started": ago(0), "health": "starting"}, [(40.0, {"health": "healthy"})], 40.0, []),
        # What the engine starts again, before and while it is looked at.
        ({"restarts": 1, "started": ago(29.5)}, [], 0.0, [f"{AGAIN} once."]),
        ({"state": "restarting", "restarts": 2}, [], 0.0, [f"{AGAIN} 2 times."]),
        ({"started": ago(10)}, [(4.0, {"restarts": 1, "started": ago(-4)})], 4.0, [f"{AGAIN} once."]),
    ],
)
def test_steadiness_is_waited_for(
    found: dict[str, Any], later: Later, waited: float, told: list[str], here: Here
) -> None:
    here.add("worker-1", **found)
    here.later = [(seconds, "worker-1", changes) for seconds, changes in later]
    code, result = here.run(healthy_within=60, steady_for=30)
    assert (code, result["waited_s"], messages(result)) == (0, waited, told)
    assert [problem["running"] for problem in result["problems"]] == [False] * len(told)


@pytest.mark.parametrize(
    ("secret", "log", "said"),
    [
        (SECRET, f"bad {SECRET}\nredis://u:{SECRET}@db/0\n", "bad *** / redis://u:***@db/0"),
        # It is masked before it is cut, by length and into lines.
        (SECRET, f"{SECRET} {'x' * 1995}", f"*** {'x' * 1995}"),
        ("first-half\nother-half", "key first-half\nother-half", "key ***"),
        # Another one's may be in the log too.
        ("first-half", f"first-half of {SECRET}", "*** of ***"),
    ],
)
def test_secrets_are_masked(secret: str, log: str, said: str, here: Here) -> None:
    here.add("worker-1", env=[f"REDIS_PASSWORD={secret}"], health="unhealthy", log=log)
    here.add("worker-2", env=[f"REDIS_PASSWORD={SECRET}"])
    _code, result = here.run()
    assert result["problems"][0]["message"].partition(" Its last lines: ")[2] == said


def test_what_tells_instances_apart_is_never_masked(here: Here) -> None:
    image = f"localhost:5000/bot@sha256:{'1f' * 32}"
    here.add("worker-1", image=image, running=False, env=["REDIS_PASSWORD=worker"], log="the worker ends")
    _code, result = here.run()
    (instance,), (problem,) = result["instances"], result["problems"]
    assert (instance["name"], instance["component"], instance["image"]) == ("worker-1", "worker", image)
    assert (problem["name"], problem["component"]) == ("worker-1", "worker")
    assert problem["message"].startswith("worker-1: expected it well, ")
    assert problem["message"].endswith(": the *** ends")


def test_a_token_in_a_log_is_masked(token: str, here: Here) -> None:
    here.add("worker-1", running=False, log=f"GET /bot{token}/getMe", env=[])
    _code, result = here.run()
    assert token.partition(":")[2] not in json.dumps(result)


def test_a_log_that_can_not_be_read_is_left_out(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Engine, _name: str, **_options: Any) -> bytes:
        raise APIError(f"500 {SECRET}")

    monkeypatch.setattr(here.engine, "logs", refuse)
    here.add("worker-1", running=False)
    _code, result = here.run()
    assert messages(result) == ["worker-1: expected it well, found that it is exited, exit code 0."]
    assert "Its last lines" not in result["problems"][0]["message"]


@pytest.mark.parametrize(
    ("method", "expected"),
    [("containers", "a list of containers"), ("inspect_container", "an inspection of worker-1")],
)
def test_an_engine_that_does_not_answer_is_the_failure(
    method: str, expected: str, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Engine, *_words: Any, **_options: Any) -> None:
        raise Refused("Connection refused")

    monkeypatch.setattr(here.engine, method, refuse)
    here.add("worker-1")
    code, result = here.run()
    found, advice = "Connection refused", "Start the engine, or correct docker_host."
    failure = {"reason": "unreachable", "expected": expected, "found": found, "advice": advice}
    assert (code, result["failure"]) == (1, failure)
    host = "unix:///var/run/docker.sock"
    assert result["msg"] == f"Docker engine {host}: expected {expected}, found {found}. {advice}"


def test_bad_options_are_refused(here: Here) -> None:
    code, result = here.run(timeout=0)
    assert (code, result["failure"]["reason"]) == (1, "bad_option")


def test_what_running_containers_use_is_told_where_it_is_asked_for(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def uses(_connect: Any, names: list[str], timeout: float) -> dict[str, Use]:
        assert timeout == 7
        asked.extend(names)
        return {"worker-1": Use(1000, 2.5)}

    monkeypatch.setattr(instance_info, "uses_of", uses)
    for name in ("worker-1", "worker-2"):
        here.add(name)
    here.add("worker-3", running=False)
    _code, result = here.run(resources=True, timeout=7)
    assert asked == ["worker-1", "worker-2"]
    told = [(each["memory_bytes"], each["cpu_pct"]) for each in result["instances"]]
    # Of one that hasn't answered in time, and of one that doesn't run, nothing is known.
    assert told == [(1000, 2.5), (None, None), (None, None)]
    assert "memory_bytes" not in here.run()[1]["instances"][0]
