"""The module as Ansible sees it: arguments in, one JSON object and one archive out."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import source_archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module; returns the exit code and the result."""

    def run(**arguments: Any) -> tuple[int, dict[str, Any]]:
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            source_archive.main()
        return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))

    return run


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    app = tmp_path / "app"
    app.mkdir()
    for name in ("main.py", "main.pyc", "Dockerfile"):
        (app / name).write_text("", encoding="utf-8")
    return {
        "dest": str(tmp_path / "source.tar.gz"),
        "folders": {"context": str(app)},
        "files": {"web.Dockerfile": str(app / "Dockerfile")},
        "exclude": ["*.pyc"],
    }


def test_folders_and_files_are_packed(run: Run, arguments: dict[str, Any]) -> None:
    code, result = run(**arguments)
    with tarfile.open(arguments["dest"]) as archive:
        names = archive.getnames()
    assert names == ["context", "context/Dockerfile", "context/main.py", "web.Dockerfile"]
    assert (code, result["changed"], result["count"]) == (0, True, 4)
    assert result["size"] > 0


def test_check_mode_writes_nothing(run: Run, arguments: dict[str, Any], tmp_path: Path) -> None:
    code, result = run(**arguments, _ansible_check_mode=True)
    assert (code, result["changed"], result["count"], result["size"]) == (0, True, 4, 0)
    assert not (tmp_path / "source.tar.gz").exists()


@pytest.mark.parametrize("option", ["folders", "files"])
def test_what_is_not_there_is_named(run: Run, arguments: dict[str, Any], option: str) -> None:
    code, result = run(**arguments | {option: {"x": "/nowhere/at/all"}})
    assert code == 1
    assert "/nowhere/at/all" in result["msg"]


def test_the_options_are_those_documented() -> None:
    documented = yaml.safe_load(source_archive.DOCUMENTATION)["options"]
    assert set(documented) == {"dest", "folders", "files", "exclude"}
