"""The module as Ansible sees it; only the Docker client is stood in for, and the guards that it reaches."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import bot_rolling_restart
from docker.errors import NotFound

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD, DEAF = (f"sha256:{digit * 64}" for digit in "1234")
SECRET = "correct-horse"  # noqa: S105 - nobody's


@pytest.fixture
def engine(pollers_engine: Any) -> Any:
    """The one of conftest.py, whose images are named alike."""
    return pollers_engine


@pytest.fixture
def run(engine: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(**arguments: Any) -> tuple[int, dict[str, Any]]:
        asked = {"health_timeout": 0.3, "handover_timeout": 2, **arguments}
        with patch_module_args(asked), pytest.raises(SystemExit) as exited:
            bot_rolling_restart.main()
        printed = capsys.readouterr().out
        assert SECRET not in printed
        return int(exited.value.code or 0), dict(json.loads(printed))

    return run


REPLACED = [
    *("create p-2-next", "stop p-2 35", "rename p-2 p-2-previous", "rename p-2-next p-2", "start p-2"),
    "hand_over p-1",
    *("create p-1-next", "stop p-1 35", "rename p-1 p-1-previous", "rename p-1-next p-1", "start p-1"),
    *("remove p-2-previous", "remove p-1-previous"),
]


def test_what_is_foreseen_is_what_is_done(run: Run, engine: Any) -> None:
    engine.pair()
    code, foreseen = run(image=NEW, _ansible_check_mode=True)
    assert (code, foreseen["changed"], foreseen["steps"], engine.did) == (0, True, [], [])
    code, done = run(image=NEW)
    assert (code, done["changed"], engine.did) == (0, True, REPLACED)
    assert done["plan"] == foreseen["plan"]
    assert done["diff"] == foreseen["diff"]
    assert [step["action"] for step in done["steps"]] == ["recreate", "hand_over", "recreate"]
    assert done["steps"][1]["gap_s"] == 0.004
    assert done["active"] == {"before": "p-1", "after": "p-2"}
    assert engine.images() == {"p-1": NEW, "p-2": NEW}
    assert "warnings" not in done
    engine.did.clear()
    for check_mode in (True, False):
        code, again = run(image=NEW, _ansible_check_mode=check_mode)
        assert (code, again["changed"], again["plan"], engine.did) == (0, False, [], [])


def test_a_restart_keeps_the_containers(run: Run, engine: Any) -> None:
    engine.pair()
    code, done = run(state="restarted", stop_timeout=7)
    assert (code, done["changed"]) == (0, True)
    assert engine.did == ["stop p-2 7", "start p-2", "hand_over p-1", "stop p-1 7", "start p-1"]
    assert done["diff"]["after"]["p-1"] == {"image": OLD, "state": "restarted"}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_restart_needs_no_image(
    run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch, check_mode: bool
) -> None:
    def removed(_engine: Any, name: str) -> None:
        raise NotFound(name)

    engine.pair()
    monkeypatch.setattr(engine, "inspect_image", removed)
    code, done = run(state="restarted", _ansible_check_mode=check_mode)
    assert (code, [step["action"] for step in done["plan"]]) == (0, ["restart", "hand_over", "restart"])


def test_a_single_poller_is_replaced_with_a_warning(
    run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    # Where a test has imported the controller's part of Ansible, a warning isn't in the result.
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    engine.add("p-1")
    code, _done = run(image=NEW)
    assert (code, engine.images()) == (0, {"p-1": NEW})
    assert len(warnings) == 1
    assert warnings[0].startswith("p-1 is the only poller: nobody takes over while it is replaced")
    assert "hand_over p-1" not in engine.did


def test_only_standbys_here_are_replaced_without_a_hand_over(run: Run, engine: Any) -> None:
    engine.pair()
    engine.lease[:] = engine.remote[:] = ["p-9"]
    code, done = run(image=NEW)
    assert (code, engine.images()) == (0, {"p-1": NEW, "p-2": NEW})
    assert not any(words.startswith("hand_over") for words in engine.did)
    assert done["active"] == {"before": "p-9", "after": "p-9"}


def test_variables_are_merged_and_never_shown(run: Run, engine: Any) -> None:
    engine.pair()
    code, done = run(environment={"A": "2", "NEW_PASSWORD": "battery-staple", "B": "yes"})
    assert code == 0
    for one in engine.there.values():
        assert one.env == [f"REDIS_PASSWORD={SECRET}", "A=2", "NEW_PASSWORD=battery-staple", "B=yes"]
    assert done["diff"]["after"]["p-1"]["changed variables"] == ["A", "B", "NEW_PASSWORD"]
    assert "battery-staple" not in json.dumps(done)
    # A value such as "2" isn't masked wherever the digit occurs.
    assert done["plan"][0]["container"] == "p-2"
    assert done["invocation"]["module_args"]["environment"]["A"].startswith("VALUE_SPECIFIED")


@pytest.mark.parametrize(
    "failing", [None, "start p-2", "rename p-2-next p-2", "rename p-2 p-2-previous", "stop p-2 35"]
)
def test_the_previous_container_is_put_back(failing: str | None, run: Run, engine: Any) -> None:
    engine.pair()
    if failing:
        engine.failing[failing] = 0
    code, failed = run(image=NEW if failing else BAD)
    assert (code, engine.images()) == (1, {"p-1": OLD, "p-2": OLD})
    assert all(one.running for one in engine.there.values())
    failure = failed["failure"]
    assert (failure["reason"], failure["container"], failure["restored"]) == ("step_failed", "p-2", True)
    assert "The previous container is back and healthy." in failed["msg"]
    if not failing:
        expected = f"p-2: expected it to be healthy within 0.3 s with {BAD}, found COMMAND doesn't run"
        assert failed["msg"].startswith(expected)
        assert "Its last lines: Traceback" in failed["msg"]
    assert failed["active"]["after"] == "p-1"
    assert len(failed["plan"]) == 3


def test_what_the_engine_will_not_make_costs_nobody_anything(run: Run, engine: Any) -> None:
    engine.pair()
    engine.failing["create p-2-next"] = 0
    code, failed = run(image=NEW)
    assert (code, failed["failure"]["restored"]) == (1, True)
    assert not any(words.startswith(("stop", "rename")) for words in engine.did)


def test_a_deaf_one_hands_back_and_is_put_back(run: Run, engine: Any) -> None:
    engine.pair()
    code, failed = run(image=DEAF)
    assert (code, engine.images()) == (1, {"p-1": OLD, "p-2": OLD})
    assert [words for words in engine.did if words.startswith("hand_over")] == [
        "hand_over p-1",
        "hand_over p-2",
    ]
    assert failed["failure"]["found"].startswith("its last poll at Telegram 30 s ago")
    assert "p-1 is active again. p-2: the previous container is back and healthy." in failed["msg"]
    assert failed["active"] == {"before": "p-1", "after": "p-1"}


@pytest.mark.parametrize("older", [False, True])
def test_a_hand_over_that_is_not_done_leaves_the_active_one_alone(
    run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    engine.pair()
    words = "nobody took the lease within 3 s: p-1 takes it again"
    refused = {"done": False, "outcome": "not_taken", "holder": None, "gap_s": None, "message": words}
    orders: list[str] = []

    def refuse(_engine: Any, container: Any) -> dict[str, Any]:
        orders.append(container.name)
        return refused

    def exit_code(self: Any, run: str) -> dict[str, Any]:
        command = self.runs[run][1]
        if "handover" not in command:
            return {"ExitCode": 0}
        return {"ExitCode": 64 if older and "--json" in command else 1}

    monkeypatch.setattr(engine, "_hand_over", refuse)
    monkeypatch.setattr(engine, "older_guard", older)
    monkeypatch.setattr(engine, "exec_inspect", exit_code)
    code, failed = run(image=NEW)
    assert (code, failed["failure"]["container"]) == (1, "p-1")
    assert "nobody took the lease within 3 s" in failed["msg"]
    assert orders == ["p-1"]
    assert engine.images() == {"p-1": OLD, "p-2": NEW}


@pytest.mark.parametrize("older", [False, True])
def test_a_new_active_that_does_not_poll_is_found_whatever_the_message_says(
    run: Run, engine: Any, older: bool
) -> None:
    engine.older_guard = older
    engine.pair()
    code, failed = run(image=DEAF)
    assert (code, engine.images()) == (1, {"p-1": OLD, "p-2": OLD})
    assert failed["failure"]["container"] == "p-2"


def test_an_older_guard_hands_over_without_a_gap_to_report(run: Run, engine: Any) -> None:
    engine.older_guard = True
    engine.pair()
    code, done = run(image=NEW)
    assert (code, engine.images()) == (0, {"p-1": NEW, "p-2": NEW})
    assert [step["gap_s"] for step in done["steps"] if step["action"] == "hand_over"] == [None]


def test_a_response_that_is_not_a_guards_ends_the_run(
    run: Run, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.pair()
    monkeypatch.setattr(engine, "_hand_over", lambda *_: {"message": "p-2 took over"})
    code, failed = run(image=NEW)
    assert (code, failed["failure"]["container"]) == (1, "p-1")
    assert "a response that isn't a guard's" in failed["msg"]
    assert engine.images() == {"p-1": OLD, "p-2": NEW}


def test_interrupted_anywhere_the_next_run_ends_well(run: Run, engine: Any) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(position: int) -> None:
        original = engine._do

        def do(self: Any, words: str) -> None:
            if len(self.did) >= position:
                raise Interrupted
            original(self, words)

        engine._do = do
        with patch_module_args({"image": NEW}), pytest.raises(Interrupted):
            bot_rolling_restart.main()
        engine._do = original

    for position in range(len(REPLACED)):
        engine.there.clear()
        engine.did.clear()
        engine.pair()
        interrupt(position)
        code, foreseen = run(image=NEW, _ansible_check_mode=True)
        assert (code, foreseen["changed"]) == (0, True)
        code, done = run(image=NEW)
        assert (code, engine.images()) == (0, {"p-1": NEW, "p-2": NEW}), position
        assert all(one.running for one in engine.there.values())
        assert [step["action"] for step in done["plan"]] == [step["action"] for step in foreseen["plan"]], (
            position
        )
        assert run(image=NEW)[1]["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "reason", "message"),
    [
        ({"health_timeout": 0}, "bad_option", "expected health_timeout above 0"),
        ({"handover_timeout": -1}, "bad_option", "expected handover_timeout above 0"),
        ({"stop_timeout": -1}, "bad_option", "expected stop_timeout to be 0 or more"),
        ({"image": "bot:latest"}, "bad_option", "expected image by its digest"),
        ({"environment": {"A": 1}}, "bad_option", "expected environment.A to be a string"),
        (
            {"prepared": True, "image": NEW},
            "bad_option",
            "beside prepared that is wanted, found image",
        ),
        (
            {"prepared": True, "command": ["x"], "environment": {"A": "1"}},
            "bad_option",
            "found command and environment",
        ),
        ({"state": "returned", "prepared": True}, "bad_option", "with state=returned, found prepared"),
        ({"state": "returned", "image": NEW}, "bad_option", "with state=returned, found image"),
        ({"image": "sha256:" + "9" * 64}, "refused_to_begin", "expected an image on this engine, found none"),
    ],
)
def test_bad_input_touches_nothing(
    arguments: dict[str, Any], reason: str, message: str, run: Run, engine: Any
) -> None:
    engine.pair()
    code, failed = run(**arguments)
    assert (code, failed["failure"]["reason"], engine.did) == (1, reason, [])
    assert message in failed["msg"]


def test_check_mode_foresees_an_image_that_is_yet_to_come(run: Run, engine: Any) -> None:
    engine.pair()
    code, foreseen = run(image="sha256:" + "9" * 64, _ansible_check_mode=True)
    assert (code, len(foreseen["plan"])) == (0, 3)
