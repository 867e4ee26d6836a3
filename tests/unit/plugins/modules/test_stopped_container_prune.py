"""The module as Ansible sees it; the Docker client is stood in for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import stopped_container_prune
from docker.errors import APIError

if TYPE_CHECKING:
    from .conftest import Engine

Run = Callable[..., tuple[int, dict[str, Any]]]


class Conflict:
    """The engine's answer about a container that runs."""

    status_code = 409


@pytest.fixture
def run(
    pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    def remove(engine: Engine, name: str) -> None:
        if engine._find(name).running:
            raise APIError("409 it runs", response=Conflict())
        engine._do(f"remove {name}")
        del engine.there[name]

    def df(engine: Engine) -> dict[str, Any]:
        return {"Containers": [{"Id": name, "SizeRw": 100} for name in engine.there] + [{"Id": "other"}]}

    monkeypatch.setattr(pollers_engine, "remove_container", remove)
    monkeypatch.setattr(pollers_engine, "df", df, raising=False)
    pollers_engine.pair()
    for name in ("p-2-previous", "trial", "foreign"):
        pollers_engine.add(name)
        pollers_engine.there[name].running = False
    pollers_engine.there["foreign"].labels = {}
    pollers_engine.there["trial"].labels["aisha.component"] = "trial"

    def running(**arguments: Any) -> tuple[int, dict[str, Any]]:
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            stopped_container_prune.main()
        return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))

    return running


def test_what_is_stopped_and_ours_goes(run: Run, pollers_engine: type[Engine]) -> None:
    foreseen = run(_ansible_check_mode=True)
    assert pollers_engine.did == []
    assert run() == foreseen
    code, result = foreseen
    assert (code, result["changed"], result["freed_bytes"]) == (0, True, 200)
    assert result["removed"] == [{"name": name, "state": "exited"} for name in ("p-2-previous", "trial")]
    assert result["diff"] == {"before": "p-2-previous\ntrial\n", "after": ""}
    assert [*pollers_engine.there] == ["p-1", "p-2", "foreign"]
    code, result = run()
    assert (code, result["changed"], result["removed"], result["freed_bytes"]) == (0, False, [], 0)


def test_what_an_update_may_need_stays(run: Run, pollers_engine: type[Engine]) -> None:
    _code, result = run(unfinished_update=True)
    assert [one["name"] for one in result["removed"]] == ["trial"]
    assert [one["name"] for one in result["kept"]] == ["p-2-previous"]
    assert result["diff"]["after"] == "p-2-previous\n"
    assert "p-2-previous" in pollers_engine.there


def test_one_that_was_started_meanwhile_stays(
    run: Run, pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(engine: Engine) -> dict[str, Any]:
        engine.there["trial"].running = True
        return {"Containers": []}

    monkeypatch.setattr(pollers_engine, "df", start)
    code, result = run()
    assert (code, [one["name"] for one in result["removed"]]) == (0, ["p-2-previous"])
    # It isn't known what that one had written.
    assert result["freed_bytes"] is None
    assert result["diff"]["after"] == "trial\n"
    assert "trial" in pollers_engine.there


def test_an_engine_that_refuses_is_the_failure(run: Run, pollers_engine: type[Engine]) -> None:
    pollers_engine.failing["remove trial"] = 0
    code, result = run()
    assert (code, result["failure"]["reason"]) == (1, "unreachable")
    assert "to remove trial" in result["msg"]
