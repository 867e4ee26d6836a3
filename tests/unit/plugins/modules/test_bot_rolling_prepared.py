"""Pollers that get what is prepared for them, keep what they had, and go back to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import bot_rolling_restart

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD, DEAF = (f"sha256:{digit * 64}" for digit in "1234")
SECRET = "correct-horse"  # noqa: S105 - nobody's
KEEPING = {"prepared": True, "keep_previous": True}


@pytest.fixture
def engine(pollers_engine: Any) -> Any:
    """The one of conftest.py, with a pair of pollers."""
    pollers_engine.pair()
    return pollers_engine


def put(engine: Any, name: str, image: str, *, running: bool = False) -> None:
    engine.add(name)
    engine.there[name].image, engine.there[name].running = image, running


def prepare(engine: Any, image: str = NEW) -> None:
    """As another module has made them."""
    for name in ("p-1-next", "p-2-next"):
        put(engine, name, image)


def afresh(engine: Any, *, kept: bool = False, image: str = NEW) -> None:
    engine.there.clear()
    engine.did.clear()
    engine.pair()
    prepare(engine, image)
    if kept:
        for name in ("p-1-previous", "p-2-previous"):
            put(engine, name, OLD)


@pytest.fixture
def run(engine: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(**arguments: Any) -> tuple[int, dict[str, Any]]:
        asked = {"health_timeout": 0.1, "handover_timeout": 2, **arguments}
        with patch_module_args(asked), pytest.raises(SystemExit) as exited:
            bot_rolling_restart.main()
        printed = capsys.readouterr().out
        assert SECRET not in printed
        return int(exited.value.code or 0), dict(json.loads(printed))

    return run


ENTERED = [
    *("stop p-2 35", "rename p-2 p-2-previous", "rename p-2-next p-2", "start p-2"),
    "hand_over p-1",
    *("stop p-1 35", "rename p-1 p-1-previous", "rename p-1-next p-1", "start p-1"),
]
SETTLED = ["remove p-2-previous", "remove p-1-previous"]
RETURNED = [
    *("stop p-1 35", "remove p-1", "rename p-1-previous p-1", "start p-1"),
    "hand_over p-2",
    *("stop p-2 35", "remove p-2", "rename p-2-previous p-2", "start p-2"),
]


@pytest.mark.parametrize("keep", [False, True])
def test_what_is_prepared_takes_the_places_in_order(keep: bool, run: Run, engine: Any) -> None:
    prepare(engine)
    asked = {"prepared": True, "keep_previous": keep}
    code, foreseen = run(**asked, _ansible_check_mode=True)
    assert (code, foreseen["changed"], foreseen["steps"], engine.did) == (0, True, [], [])
    code, done = run(**asked)
    assert (code, done["changed"]) == (0, True)
    assert engine.did == ENTERED + ([] if keep else SETTLED)
    assert (done["plan"], done["diff"]) == (foreseen["plan"], foreseen["diff"])
    assert done["plan"][0] == {
        "container": "p-2",
        "action": "recreate",
        "role": "standby",
        "from_digest": OLD,
        "to_digest": NEW,
        "changes": ["image"],
    }
    previous = {"p-1-previous": OLD, "p-2-previous": OLD} if keep else {}
    assert engine.images() == {"p-1": NEW, "p-2": NEW, **previous}
    engine.did.clear()
    for check_mode in (True, False):
        code, again = run(**asked, _ansible_check_mode=check_mode)
        assert (code, again["changed"], again["plan"], engine.did) == (0, False, [], [])


def test_it_is_as_it_was_prepared_whatever_differs(run: Run, engine: Any) -> None:
    put(engine, "p-2-next", OLD)
    engine.there["p-2-next"].env = [f"REDIS_PASSWORD={SECRET}x", "B=1"]
    code, done = run(**KEEPING)
    assert (code, [step["container"] for step in done["plan"]]) == (0, ["p-2"])
    assert done["plan"][0]["changes"] == ["A", "B", "REDIS_PASSWORD"]
    assert done["diff"]["after"]["p-2"]["changed variables"] == ["A", "B", "REDIS_PASSWORD"]
    put(engine, "p-2-next", OLD)
    engine.there["p-2-next"].env = list(engine.there["p-2"].env)
    code, done = run(**KEEPING)
    assert (code, done["plan"][0]["changes"]) == (0, ["configuration"])
    assert done["diff"]["after"]["p-2"]["configuration"] == "changed"
    assert sorted(engine.there) == ["p-1", "p-2", "p-2-previous"]


def test_the_last_that_were_known_to_be_good_stay(run: Run, engine: Any) -> None:
    afresh(engine, kept=True)
    for name in ("p-1", "p-2"):
        engine.there[name].image = DEAF
    engine.lease[:] = engine.remote[:] = ["p-9"]
    code, _done = run(**KEEPING)
    assert code == 0
    assert engine.did[:4] == ["stop p-1 35", "remove p-1", "rename p-1-next p-1", "start p-1"]
    assert engine.images() == {"p-1": NEW, "p-2": NEW, "p-1-previous": OLD, "p-2-previous": OLD}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("image", [BAD, DEAF])
def test_what_was_before_is_put_back(image: str, kept: bool, run: Run, engine: Any) -> None:
    afresh(engine, kept=kept, image=image)
    code, failed = run(**KEEPING)
    assert (code, failed["failure"]["container"], failed["failure"]["restored"]) == (1, "p-2", True)
    left = {"p-1": OLD, "p-2": OLD, "p-1-next": image}
    assert engine.images() == {**left, "p-1-previous": OLD} if kept else left
    assert failed["active"] == {"before": "p-1", "after": "p-1"}


@pytest.mark.parametrize("failing", ["stop p-2 35", "rename p-2 p-2-previous", "rename p-2-next p-2"])
def test_what_is_prepared_stays_so_when_the_engine_refuses(failing: str, run: Run, engine: Any) -> None:
    prepare(engine)
    engine.failing[failing] = 0
    code, failed = run(**KEEPING)
    assert (code, failed["failure"]["restored"]) == (1, True)
    assert engine.images() == {"p-1": OLD, "p-2": OLD, "p-1-next": NEW, "p-2-next": NEW}
    assert engine.there["p-2"].running
    assert run(**KEEPING)[0] == 0


def test_pollers_go_back_in_order(run: Run, engine: Any) -> None:
    prepare(engine)
    assert run(**KEEPING)[0] == 0
    put(engine, "p-1-next", BAD)
    engine.did.clear()
    code, foreseen = run(state="returned", _ansible_check_mode=True)
    assert (code, foreseen["changed"], engine.did) == (0, True, [])
    code, done = run(state="returned")
    assert (code, engine.did) == (0, RETURNED)
    assert [step["action"] for step in done["plan"]] == ["return", "hand_over", "return"]
    assert (done["plan"], done["diff"]) == (foreseen["plan"], foreseen["diff"])
    assert done["diff"]["after"]["p-1"] == {"image": OLD, "state": "returned"}
    assert engine.images() == {"p-1": OLD, "p-2": OLD, "p-1-next": BAD}
    code, again = run(state="returned")
    assert (code, again["changed"], again["plan"]) == (0, False, [])


def test_only_those_that_were_updated_go_back(run: Run, engine: Any) -> None:
    put(engine, "p-1-previous", NEW)
    code, _done = run(state="returned")
    assert (code, engine.images()) == (0, {"p-1": NEW, "p-2": OLD})
    assert engine.did[:2] == ["hand_over p-1", "stop p-1 35"]


def test_one_that_can_not_be_returned_to_ends_it(run: Run, engine: Any) -> None:
    for name in ("p-1-previous", "p-2-previous"):
        put(engine, name, BAD)
    code, failed = run(state="returned")
    assert (code, failed["failure"]["container"], failed["failure"]["restored"]) == (1, "p-2", False)
    assert engine.images() == {"p-1": OLD, "p-2": BAD, "p-1-previous": BAD}
    assert f"with {BAD}" in failed["failure"]["expected"]


def test_a_restart_leaves_what_is_not_settled(run: Run, engine: Any) -> None:
    put(engine, "p-2-previous", NEW)
    # As if an earlier one had been interrupted.
    engine.there["p-2"].running = False
    code, _done = run(state="restarted", keep_previous=True)
    assert (code, engine.images()) == (0, {"p-1": OLD, "p-2": OLD, "p-2-previous": NEW})
    assert all(engine.there[name].running for name in ("p-1", "p-2"))


class Interrupted(BaseException):
    pass


def interrupt(engine: Any, position: int, asked: dict[str, Any]) -> bool:
    """Run the module until that many things are done; False when it ends before."""
    original = engine._do

    def do(self: Any, words: str) -> None:
        if len(self.did) >= position:
            raise Interrupted
        original(self, words)

    engine._do = do
    try:
        with patch_module_args({"health_timeout": 0.05, **asked}):
            bot_rolling_restart.main()
    except Interrupted:
        return True
    except SystemExit:
        return False
    finally:
        engine._do = original
    raise AssertionError


@pytest.mark.parametrize(
    ("asked", "kept", "previous"),
    [
        (KEEPING, False, True),
        (KEEPING, True, True),
        ({"prepared": True}, False, False),
        ({"prepared": True}, True, False),
        ({"image": NEW, "keep_previous": True}, False, True),
        ({"image": NEW, "keep_previous": True}, True, True),
        ({"state": "returned"}, True, False),
    ],
)
def test_interrupted_anywhere_the_next_run_ends_well(
    asked: dict[str, Any],
    kept: bool,
    previous: bool,
    run: Run,
    engine: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    position = 0
    while True:
        afresh(engine, kept=kept)
        if "state" in asked:
            for name in ("p-1-previous", "p-2-previous"):
                engine.there[name].image = NEW
        if not interrupt(engine, position, asked):
            break
        capsys.readouterr()
        code, foreseen = run(**asked, _ansible_check_mode=True)
        assert code == 0, position
        code, done = run(**asked)
        left = {name: image for name, image in engine.images().items() if not name.endswith("-next")}
        wanted = {"p-1": NEW, "p-2": NEW}
        if previous:
            wanted |= {"p-1-previous": OLD, "p-2-previous": OLD}
        assert (code, left) == (0, wanted), (position, done)
        assert engine.there["p-1"].running
        assert engine.there["p-2"].running
        assert [step["action"] for step in done["plan"]] == [step["action"] for step in foreseen["plan"]]
        assert run(**asked)[1]["changed"] is False
        position += 1
    assert position > 8


def test_what_an_interrupted_run_prepared_is_gone_on_with_or_undone(run: Run, engine: Any) -> None:
    # Interrupted before the start: it is in its place, and nothing could prepare it again.
    put(engine, "p-2-previous", OLD)
    put(engine, "p-2", NEW)
    code, done = run(**KEEPING)
    assert (code, [step["action"] for step in done["steps"]]) == (0, ["restart"])
    assert engine.images() == {"p-1": OLD, "p-2": NEW, "p-2-previous": OLD}
    for running in (True, False):
        put(engine, "p-2-previous", OLD)
        put(engine, "p-2", BAD, running=running)
        code, failed = run(**KEEPING)
        assert (code, failed["failure"]["restored"]) == (1, True)
        assert engine.images() == {"p-1": OLD, "p-2": OLD}
        assert engine.there["p-2"].running


def test_what_is_prepared_must_be_a_poller(run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(engine)
    original = engine.inspect_container

    def inspect(self: Any, name: str) -> dict[str, Any]:
        found: dict[str, Any] = original(self, name)
        if name == "p-2-next":
            found["Config"]["Entrypoint"] = ["sh", "-c"]
        return found

    monkeypatch.setattr(engine, "inspect_container", inspect)
    code, failed = run(**KEEPING)
    assert (code, failed["failure"]["container"], engine.did) == (1, "p-2-next", [])
    assert "expected a poller that runs under the poll guard" in failed["msg"]
