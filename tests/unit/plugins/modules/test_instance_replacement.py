"""The module as Ansible sees it; only the Docker client is stood in for, and /proc."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils import (
    _container_traffic,
    _docker,
    _instance_host,
)
from ansible_collections.aisha.cluster.plugins.modules import instance_replacement

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD, CRASHING = (f"sha256:{digit * 64}" for digit in "1234")
SECRET = "correct-horse"  # noqa: S105 - nobody's
CURRENT = f"sha256:{'5' * 64}"
CONNECTED = "sl\n 0: 0A00640A:1F41 0A00640A:D431 01 0:0 0:0\n"


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


REPLACED = ["stop w 35", "rename w w-previous", "rename w-next w", "start w"]


def test_what_is_foreseen_is_what_is_done(run: Run, engine: Any, website: tuple[str, list[int]]) -> None:
    arguments = {"drained_port": 8001, "warm_url": website[0]}
    code, foreseen = run("replaced", **arguments, _ansible_check_mode=True)
    assert (code, foreseen["changed"], engine.did) == (0, True, [])
    assert foreseen["steps"] == {**dict.fromkeys(foreseen["steps"]), "seconds": 0.0}
    code, done = run("replaced", **arguments)
    assert (code, done["changed"], engine.did) == (0, True, REPLACED)
    assert engine.boxes() == {"w": (NEW, True), "w-previous": (OLD, False)}
    for key in ("plan", "diff", "from_digest", "to_digest"):
        assert done[key] == foreseen[key]
    assert [act["action"] for act in done["plan"]] == ["drain", "stop", "keep", "enter", "start", "warm"]
    assert (done["from_digest"], done["to_digest"]) == (OLD, NEW)
    assert done["diff"] == {
        "before": {"w": {"image": OLD, "state": "running"}},
        "after": {"w": {"image": NEW, "state": "replaced"}},
    }
    assert all(value is not None for value in done["steps"].values())
    engine.did.clear()
    for check_mode in (True, False):
        code, again = run("replaced", _ansible_check_mode=check_mode)
        assert (code, again["changed"], engine.did, again["diff"]) == (
            0,
            False,
            [],
            {"before": {}, "after": {}},
        )


def test_the_last_that_was_known_to_be_good_stays(run: Run, engine: Any) -> None:
    engine.put("w-previous", OLD, running=False)
    engine.put("w", BAD)
    assert run("replaced")[0] == 0
    assert engine.did == ["stop w 35", "remove w", "rename w-next w", "start w"]
    assert engine.boxes() == {"w": (NEW, True), "w-previous": (OLD, False)}


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (BAD, "its health unhealthy: no ********"),
        (CRASHING, "that the engine had to start it 3 times again: it restarting with exit code 3"),
    ],
)
@pytest.mark.parametrize("kept", [False, True])
def test_one_that_is_never_healthy_makes_room_again(
    image: str, found: str, kept: bool, run: Run, engine: Any
) -> None:
    engine.there["w-next"].image = image
    if kept:
        engine.put("w-previous", OLD, running=False)
        engine.there["w"].image = NEW
    code, failed = run("replaced")
    assert (code, engine.boxes()) == (1, {"w": (OLD, True)})
    failure = failed["failure"]
    assert (failure["reason"], failure["container"], failure["restored"]) == ("step_failed", "w", True)
    assert failure["expected"] == f"it to be healthy within 0.1 s with {image}"
    assert failure["found"].replace("<masked>", "********").startswith(found.partition("*")[0])
    assert failure["log"].startswith("Traceback / ")
    assert "The previous container is back and healthy. Its last lines: Traceback" in failed["msg"]
    assert (failed["changed"], failed["to_digest"]) == (True, image)


def test_one_that_does_not_answer_makes_room_again(
    run: Run, engine: Any, website: tuple[str, list[int]]
) -> None:
    url, statuses = website
    statuses[:] = [502]
    code, failed = run("replaced", warm_url=url)
    assert (code, engine.boxes()) == (1, {"w": (OLD, True)})
    assert failed["failure"]["expected"].startswith("an answer below status 500 at warm_url within 10 s")
    assert (failed["failure"]["found"], failed["failure"]["restored"]) == ("status 502", True)
    assert failed["steps"]["warm_s"] > 0


@pytest.mark.parametrize("failing", ["stop w 35", "rename w w-previous", "rename w-next w", "start w"])
def test_what_the_engine_refuses_is_taken_back(failing: str, run: Run, engine: Any) -> None:
    engine.failing[failing] = 0
    code, failed = run("replaced")
    left = {"w": (OLD, True)}
    if failing != "start w":
        left["w-next"] = (NEW, False)
    assert (code, engine.boxes()) == (1, left)
    assert failed["failure"]["restored"] is True


def test_it_waits_until_nobody_is_connected(run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    original = _container_traffic.connections

    def connections(process: int, port: int) -> int:
        seen.append(original(process, port))
        return seen[-1]

    monkeypatch.setattr(_container_traffic, "connections", connections)
    # Each inspection is followed by what is connected then; the first ones are those of the plan.
    engine.connected[1001] = ["sl\n", "sl\n", CONNECTED, CONNECTED, "sl\n", CONNECTED]
    code, done = run("replaced", drained_port=8001)
    assert (code, done["steps"]["drained"], done["steps"]["connections_left"]) == (0, True, 0)
    # One look without a connection isn't enough.
    assert seen == [0, 1, 1, 0, 1, 0, 0]


def test_it_goes_on_at_the_limit_and_says_so(run: Run, engine: Any) -> None:
    engine.connected[1001] = [CONNECTED] * 10000
    code, done = run("replaced", drained_port=8001, drain_timeout=0.05)
    assert (code, done["steps"]["drained"], done["steps"]["connections_left"]) == (0, False, 1)
    assert done["steps"]["drain_s"] >= 0.05
    assert engine.boxes()["w"] == (NEW, True)


def test_connections_that_can_not_be_seen_are_said_before_anything_is_done(
    run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, failed = run("replaced", drained_port=8001, docker_host="tcp://192.0.2.1:2375")
    assert (code, failed["failure"]["reason"]) == (1, "refused_to_begin")
    assert "the engine on this machine, for drained_port, found it at tcp://192.0.2.1:2375" in failed["msg"]
    monkeypatch.setattr(_container_traffic, "PROC", tmp_path / "nowhere")
    code, failed = run("replaced", drained_port=8001)
    assert (code, failed["failure"]["reason"]) == (1, "refused_to_begin")
    assert "no process 1001 here" in failed["msg"]
    (tmp_path / "nowhere/1001/net/tcp").mkdir(parents=True)
    code, failed = run("replaced", drained_port=8001, _ansible_check_mode=True)
    assert "to be readable in /proc, as root on the engine's own host" in failed["msg"]
    assert engine.did == []


def test_those_that_share_a_port_overlap(run: Run, engine: Any) -> None:
    code, _done = run("replaced", overlap=True)
    assert (code, engine.did) == (0, ["start w-next", *REPLACED])
    assert engine.overlaps == 2
    engine.did.clear()
    engine.overlaps = 0
    code, _done = run("returned", overlap=True)
    assert (code, engine.overlaps, engine.boxes()) == (0, 2, {"w": (OLD, True)})
    assert engine.did[:3] == ["start w-previous", "stop w 35", "remove w"]


def test_the_one_beside_which_another_fails_is_not_touched(run: Run, engine: Any) -> None:
    engine.there["w-next"].image = BAD
    code, failed = run("replaced", overlap=True)
    assert (code, engine.boxes()) == (1, {"w": (OLD, True)})
    assert failed["failure"]["container"] == "w-next"
    assert failed["failure"]["restored"] is True
    assert "What is in its place was not touched." in failed["msg"]
    assert not any(words.startswith(("stop w ", "rename")) for words in engine.did)


def test_an_overlapping_one_comes_back_before_the_new_one_goes(
    run: Run, engine: Any, website: tuple[str, list[int]]
) -> None:
    url, statuses = website
    statuses[:] = [502]
    assert run("replaced", overlap=True, warm_url=url)[0] == 1
    assert engine.boxes() == {"w": (OLD, True)}
    at = engine.did.index("start w-previous")
    assert engine.did[at : at + 3] == ["start w-previous", "stop w 35", "remove w"]


def test_a_restart_keeps_the_container(run: Run, engine: Any) -> None:
    code, done = run("restarted", stop_timeout=7)
    assert (code, done["changed"], engine.did) == (0, True, ["stop w 7", "start w"])
    assert engine.boxes() == {"w": (OLD, True), "w-next": (NEW, False)}
    assert done["diff"]["after"]["w"] == {"image": OLD, "state": "restarted"}
    engine.there["w"].image = BAD
    code, failed = run("restarted")
    assert (code, failed["failure"]["restored"]) == (1, None)
    assert "It is left as it is." in failed["msg"]


def test_an_update_is_taken_back(run: Run, engine: Any) -> None:
    assert run("replaced")[0] == 0
    engine.did.clear()
    code, foreseen = run("returned", _ansible_check_mode=True)
    assert (code, foreseen["changed"], engine.did) == (0, True, [])
    code, done = run("returned")
    assert (code, done["plan"], done["diff"]) == (0, foreseen["plan"], foreseen["diff"])
    assert engine.did == ["stop w 35", "remove w", "rename w-previous w", "start w"]
    assert (done["from_digest"], done["to_digest"]) == (NEW, OLD)
    assert engine.boxes() == {"w": (OLD, True)}
    code, again = run("returned")
    assert (code, again["changed"], again["plan"]) == (0, False, [])


@pytest.mark.parametrize("overlap", [False, True])
def test_one_that_can_not_be_returned_to(overlap: bool, run: Run, engine: Any) -> None:
    engine.put("w-previous", BAD, running=False)
    code, failed = run("returned", overlap=overlap)
    assert (code, failed["failure"]["restored"]) == (1, False)
    if overlap:
        assert engine.boxes()["w"] == (OLD, True)
        assert "What was in its place runs there; it was not returned." in failed["msg"]


def test_what_an_update_left_is_settled(run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    engine.put("w-previous", running=True)
    engine.add("p-1")
    engine.add("p-1-previous")
    engine.there["p-1-previous"].running = False
    engine.put("v-previous", running=False)
    code, foreseen = run("settled", name=None, _ansible_check_mode=True)
    assert (code, foreseen["changed"], engine.did) == (0, True, [])
    assert sorted(foreseen["diff"]["before"]) == ["p-1-previous", "w-next", "w-previous"]
    code, done = run("settled", name=None)
    assert (code, done["plan"], done["diff"]) == (0, foreseen["plan"], foreseen["diff"])
    assert sorted(engine.there) == ["p-1", "v-previous", "w"]
    # One that an engine has started anew ends in order.
    assert engine.did.index("stop w-previous 35") < engine.did.index("remove w-previous")
    assert "v-previous" in warnings[-1]
    assert run("settled", name=None)[1]["changed"] is False
    code, refused = run("settled", name="v")
    assert (code, refused["failure"]["reason"]) == (1, "refused_to_begin")
    assert "found none, only v-previous" in refused["msg"]
    assert run("settled", name="p-1")[1]["changed"] is False


class Interrupted(BaseException):
    pass


def interrupt(engine: Any, position: int, arguments: dict[str, Any]) -> bool:
    """Run the module until that many things are done; False when it ends before."""
    original = engine._do

    def do(self: Any, words: str) -> None:
        if len(self.did) >= position:
            raise Interrupted
        original(self, words)

    engine._do = do
    try:
        with patch_module_args(arguments):
            instance_replacement.main()
    except Interrupted:
        return True
    except SystemExit:
        return False
    finally:
        engine._do = original
    raise AssertionError


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize(
    ("state", "image", "kept"),
    [
        ("replaced", NEW, False),
        ("replaced", NEW, True),
        ("replaced", BAD, False),
        ("replaced", BAD, True),
        ("returned", NEW, False),
    ],
)
def test_interrupted_anywhere_the_next_run_ends_well(
    state: str,
    image: str,
    kept: bool,
    overlap: bool,
    run: Run,
    engine: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also while a bad one makes room again: one container is always there to be put into the place."""
    asked = {"name": "w", "state": state, "health_timeout": 0.02, "overlap": overlap}
    position = 0
    while True:
        engine.prepared()
        engine.there["w-next"].image = image
        if kept:
            engine.put("w-previous", OLD, running=False)
            engine.there["w"].image = CURRENT
        if state == "returned":
            assert run("replaced")[0] == 0
            engine.did.clear()
        if not interrupt(engine, position, asked):
            break
        capsys.readouterr()
        code, done = run(state, overlap=overlap)
        left = engine.boxes()
        wanted = OLD if image == BAD or state == "returned" else NEW
        if image == BAD and kept and overlap:
            # The bad one was only tried beside it.
            wanted = CURRENT
        if image == BAD and code == 0:
            # It was interrupted when the bad one was gone already.
            assert done["to_digest"] == wanted, position
        assert left.pop("w") == (wanted, True), position
        assert left in ({}, {"w-previous": (OLD, False)}), position
        assert run(state)[1]["changed"] is False
        position += 1
    assert position >= 4


@pytest.mark.parametrize(
    ("arguments", "reason", "message"),
    [
        ({"health_timeout": 0}, "bad_option", "expected health_timeout above 0"),
        ({"drain_timeout": -1}, "bad_option", "expected drain_timeout to be 0 or more"),
        ({"drained_port": 0}, "bad_option", "expected drained_port to be 1 or more"),
        ({"stop_timeout": -1}, "bad_option", "expected stop_timeout to be 0 or more"),
        ({"warm_url": "127.0.0.1/"}, "bad_option", "expected warm_url to be http"),
        ({"name": "x"}, "refused_to_begin", "x: expected a container, found none"),
        ({"name": "p"}, "refused_to_begin", "p: expected no poller"),
        (
            {"cluster_name": "b"},
            "refused_to_begin",
            "a container of the cluster b, found one of the cluster ai",
        ),
    ],
)
def test_bad_input_touches_nothing(
    arguments: dict[str, Any], reason: str, message: str, run: Run, engine: Any
) -> None:
    engine.add("p")
    code, failed = run("replaced", **arguments)
    assert (code, failed["failure"]["reason"], engine.did) == (1, reason, [])
    assert message in failed["msg"]


def test_a_name_is_needed_for_all_but_settling(run: Run) -> None:
    code, failed = run("replaced", name=None)
    assert (code, failed["msg"]) == (1, "state is replaced but all of the following are missing: name")
