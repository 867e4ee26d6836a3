"""The module as Ansible sees it; the Docker client and the time are stood in for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._instances import state as _instances
from ansible_collections.aisha.cluster.plugins.modules import instance_log_info
from docker.errors import APIError

if TYPE_CHECKING:
    from .conftest import Engine

SECRET = "correct-horse"  # noqa: S105 - nobody's
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    """A time since the beginning, as an engine writes it."""
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@dataclass
class Here:
    """The engine, and a time that goes on only while the module sleeps."""

    engine: type[Engine]
    capsys: pytest.CaptureFixture[str]
    passed: float = 0.0
    later: list[tuple[float, str, str]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, *lines: str, component: str = "worker", **changes: Any) -> None:
        """Add a container; the first of its lines was written at the beginning, and one each second."""
        self.engine.add(name)
        labels = {"aisha.cluster": "aisha", "aisha.component": component}
        log = "".join(f"{at(second)} {line}\n" for second, line in enumerate(lines))
        vars(self.engine.there[name]).update(labels=labels, log=log, **changes)

    def time(self) -> float:
        return BEGAN.timestamp() + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Have written by then what was said before."""
        assert self.passed < 100
        self.passed += seconds
        for moment, name, text in [one for one in self.later if one[0] <= self.passed]:
            self.engine.there[name].log += f"{at(moment)} {text}\n"
            self.later.remove((moment, name, text))

    def run(self, **arguments: Any) -> tuple[int, dict[str, Any]]:
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            instance_log_info.main()
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

    def logs(engine: Engine, name: str, **options: Any) -> bytes:
        made.asked.append({"name": name, **options})
        lines = engine._find(name).log.splitlines(keepends=True)
        return "".join(lines[-options["tail"] :]).encode()

    monkeypatch.setattr(instance_log_info, "time", made)
    monkeypatch.setattr(_instances, "datetime", Moment)
    monkeypatch.setattr(pollers_engine, "logs", logs)
    return made


def test_what_a_log_amounts_to(here: Here) -> None:
    here.add("worker-1", "well", "ERROR one", f"ERROR {SECRET}", "well again", running=False)
    here.add("nginx-1", component="nginx")
    here.add("worker-1-previous", "ERROR before")
    here.add("registry", "ERROR of another", component="registry")
    here.passed = 10
    code, result = here.run(_ansible_check_mode=True)
    assert (code, result["changed"]) == (0, False)
    nginx, worker = result["instances"]
    counted = {"lines": 4, "errors": 2, "last_error": "ERROR ***", "last_error_age_s": 8.0}
    rest = {"cut": False, "position": f"{at(3)}/1", "problem": None}
    assert worker == {"name": "worker-1", "component": "worker", **counted, **rest}
    assert (nginx["name"], nginx["lines"], nginx["last_error"], nginx["position"]) == ("nginx-1", 0, None, "")
    assert here.asked[1]["since"] == int(BEGAN.timestamp()) + 10 - 3600
    assert (here.asked[1]["tail"], here.asked[1]["timestamps"]) == (5000, True)


def test_lines_come_with_their_times_and_without_secrets(here: Here) -> None:
    here.add("worker-1", f"redis://u:{SECRET}@db", "and more")
    # Another one's secret may be in a log too.
    here.add("worker-2", "the other-secret of it", env=["API_KEY=unknown"])
    here.add("worker-3", env=["API_KEY=other-secret"])
    _code, result = here.run(content=True)
    contents = [one["content"] for one in result["instances"]]
    assert contents == [f"{at(0)} redis://u:***@db\n{at(1)} and more\n", f"{at(0)} the *** of it\n", ""]


def test_a_token_is_masked(here: Here, token: str) -> None:
    here.add("worker-1", f"GET /bot{token}/getMe", f"cut {token[15:30]}", env=[f"BOT={token}"])
    _code, result = here.run(content=True)
    assert token.partition(":")[2][2:12] not in json.dumps(result)


@pytest.mark.parametrize(
    ("arguments", "lines", "cut"),
    [({}, 3, False), ({"lines": 2}, 2, True), ({"matching": "^a"}, 2, False), ({"matching": "x"}, 0, False)],
)
def test_which_lines_are_counted(arguments: dict[str, Any], lines: int, cut: bool, here: Here) -> None:
    here.add("worker-1", "a", "b", "a")
    _code, result = here.run(**arguments)
    (worker,) = result["instances"]
    assert (worker["lines"], worker["cut"], worker["position"]) == (lines, cut, f"{at(2)}/1")


def test_patterns_of_ones_own(here: Here) -> None:
    here.add("worker-1", "ERROR", "bad one", "bad two")
    _code, result = here.run(patterns=["^bad"], ignored_patterns=["two$"])
    assert (result["instances"][0]["errors"], result["instances"][0]["last_error"]) == (1, "bad one")


def test_what_is_not_there_and_what_can_not_be_read(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Engine, name: str, **_options: Any) -> bytes:
        raise APIError(f"500 no reader for {name} {SECRET}")

    monkeypatch.setattr(here.engine, "logs", refuse)
    here.add("worker-1")
    code, result = here.run(names=["worker-1", "worker-2"])
    problems = [one["problem"] for one in result["instances"]]
    assert (code, problems) == (0, ["500 no reader for worker-1 ***", "no such container"])
    assert [one["component"] for one in result["instances"]] == ["worker", None]


def test_what_was_read_is_not_read_again(here: Here) -> None:
    here.add("worker-1", "a", "b")
    here.add("worker-2", "c")
    _code, result = here.run(after={"worker-1": f"{at(0)}/1"}, content=True)
    assert [one["content"] for one in result["instances"]] == [f"{at(1)} b\n", f"{at(0)} c\n"]


def test_something_new_is_waited_for(here: Here) -> None:
    here.add("worker-1", "a")
    here.add("worker-2")
    here.later = [(3.0, "worker-1", "other"), (5.0, "worker-2", "wanted"), (5.05, "worker-1", "wanted too")]
    _code, result = here.run(after={"worker-1": f"{at(0)}/1"}, matching="wanted", wait=60, content=True)
    assert 5 <= here.passed < 6
    contents = [one["content"] for one in result["instances"]]
    assert contents == [f"{at(5.05)} wanted too\n", f"{at(5)} wanted\n"]


def test_waiting_ends_without_anything_new(here: Here) -> None:
    here.add("worker-1", "a")
    _code, result = here.run(after={"worker-1": f"{at(0)}/1"}, wait=7)
    assert 7 <= here.passed < 8
    assert (result["instances"][0]["lines"], result["instances"][0]["position"]) == (0, f"{at(0)}/1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lines": 0}, "expected lines to be 1 or more, found 0."),
        ({"period": 0}, "expected period to be 1 or more, found 0."),
        ({"wait": -1}, "expected wait to be 0 or more, found -1."),
        ({"patterns": ["("]}, "expected a regular expression, found '('"),
        ({"matching": "["}, "expected a regular expression, found '['"),
        ({"after": {"worker-1": "then"}}, "expected a position as it was returned, found 'then'."),
    ],
)
def test_bad_options_are_refused(arguments: dict[str, Any], message: str, here: Here) -> None:
    code, result = here.run(**arguments)
    assert (code, result["failure"]["reason"]) == (1, "bad_option")
    assert message in result["msg"]
    assert result["msg"].endswith("Correct the option.")
