"""What the states come to when all goes well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.aisha.cluster.plugins.module_utils._rollout import drain as _container_traffic

if TYPE_CHECKING:
    Run = Callable[..., tuple[int, dict[str, Any]]]

OLD, NEW, BAD = (f"sha256:{digit * 64}" for digit in "123")
CONNECTED = "sl\n 0: 0A00640A:1F41 0A00640A:D431 01 0:0 0:0\n"


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


def test_those_that_share_a_port_overlap(run: Run, engine: Any) -> None:
    code, _done = run("replaced", overlap=True)
    assert (code, engine.did) == (0, ["start w-next", *REPLACED])
    assert engine.overlaps == 2
    engine.did.clear()
    engine.overlaps = 0
    code, _done = run("returned", overlap=True)
    assert (code, engine.overlaps, engine.boxes()) == (0, 2, {"w": (OLD, True)})
    assert engine.did[:3] == ["start w-previous", "stop w 35", "remove w"]


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


def test_a_name_is_needed_for_all_but_settling(run: Run) -> None:
    code, failed = run("replaced", name=None)
    assert (code, failed["msg"]) == (1, "state is replaced but all of the following are missing: name")
