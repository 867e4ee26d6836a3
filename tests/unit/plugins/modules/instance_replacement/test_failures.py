"""What becomes of the containers when something fails, or an earlier run was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import drain as _container_traffic
from ansible_collections.aisha.cluster.plugins.modules import instance_replacement

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD, CRASHING, CURRENT = (f"sha256:{digit * 64}" for digit in "12345")


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


@pytest.mark.parametrize("overlap", [False, True])
def test_one_that_can_not_be_returned_to(overlap: bool, run: Run, engine: Any) -> None:
    engine.put("w-previous", BAD, running=False)
    code, failed = run("returned", overlap=overlap)
    assert (code, failed["failure"]["restored"]) == (1, False)
    if overlap:
        assert engine.boxes()["w"] == (OLD, True)
        assert "What was in its place runs there; it was not returned." in failed["msg"]


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
