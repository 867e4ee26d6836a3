"""Records are written once, found again, and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import release_info, release_record

Run = Callable[..., tuple[int, dict[str, Any]]]
BOT = "localhost:5000/aisha-bot"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(module: ModuleType, **arguments: Any) -> tuple[int, dict[str, Any]]:
        arguments = {"home": str(tmp_path / "home"), **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            module.main()
        return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))

    return run


def images(digest: str) -> dict[str, str]:
    return {"bot": f"{BOT}@sha256:{digest}", "redis": "redis@sha256:r"}


def test_the_same_images_are_one_release(run: Run, tmp_path: Path) -> None:
    arguments = {"images": images("1"), "owner": "ann", "action": "site", "source": "ready", "name": "1.0"}
    _code, told = run(release_record, **arguments, _ansible_check_mode=True)
    assert (told["changed"], told["record"]["number"]) == (True, 1)
    assert not (tmp_path / "home").exists()
    _code, first = run(release_record, **arguments)
    assert first["record"] | {"at": ""} == told["record"] | {"at": ""}
    assert json.loads((tmp_path / "home/releases/1.json").read_text()) == first["record"]
    assert (tmp_path / "home/releases/current").read_text() == "1\n"
    _code, again = run(release_record, **{**arguments, "name": "another"})
    assert (again["changed"], again["record"]) == (False, first["record"])
    _code, second = run(release_record, **{**arguments, "images": images("2")}, rolled_back_from=7)
    assert (second["changed"], second["record"]["number"]) == (True, 2)
    assert second["record"]["rolled_back_from"] == 7
    assert '"number": 1' in second["diff"]["before"]


def test_the_last_are_kept(run: Run, tmp_path: Path) -> None:
    for number in range(1, 8):
        run(release_record, images=images(str(min(number, 6))) | {"web": f"{BOT}-{number}@sha256:w"})
    _code, known = run(release_info, keep=5)
    assert (known["dropped"], known["current"]["number"]) == ([1, 2], 7)
    # Release 7 has the bot of 6, and all have the same redis.
    assert known["dropped_images"] == [
        f"{BOT}-1@sha256:w",
        f"{BOT}-2@sha256:w",
        f"{BOT}@sha256:1",
        f"{BOT}@sha256:2",
    ]
    assert "redis@sha256:r" in known["kept_images"]
    assert f"{BOT}-1" in known["repositories"]
    for check, left in ((True, 7), (False, 5)):
        _code, pruned = run(release_record, state="pruned", keep=5, _ansible_check_mode=check)
        assert pruned["changed"] is True
        assert len(list((tmp_path / "home/releases").glob("*.json"))) == left
    assert run(release_record, state="pruned", keep=5)[1]["changed"] is False
    assert [one["number"] for one in run(release_info)[1]["releases"]] == [3, 4, 5, 6, 7]


def test_one_is_found_or_refused(run: Run) -> None:
    code, nothing = run(release_info)
    assert (code, nothing["current"], nothing["found"], nothing["kept_images"]) == (0, {}, {}, [])
    assert run(release_info, find="")[0] == 1
    for number in ("1", "2", "3"):
        run(release_record, images=images(number), migrations_reversible=number != "3")
    assert run(release_info, find="3")[1]["found"]["images"] == images("3")
    code, refused = run(release_info, find="")
    assert code == 1
    assert "release_force=true" in refused["msg"]
    assert run(release_info, find="", force=True)[1]["found"]["number"] == 2
    code, unknown = run(release_info, find="9.9")
    assert code == 1
    assert "expected release 9.9, found 1 (1, " in unknown["msg"]


@pytest.mark.parametrize("module", [release_info, release_record])
def test_to_keep_none_is_refused(module: ModuleType, run: Run) -> None:
    code, result = run(module, keep=0, **({"state": "pruned"} if module is release_record else {}))
    assert (code, result["msg"]) == (1, "Option keep: expected 1 or more, found 0.")


def test_a_home_that_can_not_be_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    code, result = run(release_record, images=images("1"))
    assert code == 1
    assert "home: expected a folder, found: File exists" in result["msg"]
