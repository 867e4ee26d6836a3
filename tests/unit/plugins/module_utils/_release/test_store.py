"""The files of lock, log and releases: whole, root's alone, and one process at a time."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._release.store import Files, FilesError


def test_a_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(str(tmp_path))
    files.write("lock.json", "old\n")

    def power_cut(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(FilesError, match=r"lock\.json: expected to write it, found: Input/output error"):
        files.write("lock.json", "new\n")
    assert files.read("lock.json") == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["lock.json"]


def test_a_line_of_the_log_that_was_cut_off_costs_itself_alone(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    files.log([{"run": "1"}, {"run": "é"}])
    with (tmp_path / "audit.log").open("ab") as log:
        log.write(b'{"run": "3", "wh')
    files.log([{"run": "4"}])
    assert files.logged() == [{"run": "1"}, {"run": "é"}, {"run": "4"}]
    assert (tmp_path / "audit.log").stat().st_mode & 0o777 == 0o600


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    files = Files(str(tmp_path / "none"))
    assert (files.read("lock.json"), files.names("releases"), files.logged()) == (None, [], [])
    files.remove("lock.json")
    with files.alone(make=False):
        pass
    assert not (tmp_path / "none").exists()
    with files.alone(make=True):
        files.write("releases/1.json", "{}")
    assert (tmp_path / "none").stat().st_mode & 0o777 == 0o750


def _stay(home: str, ready: str, seconds: float) -> None:
    with Files(home).alone(make=True):
        Path(ready).touch()
        time.sleep(seconds)


def test_another_process_waits_and_one_that_is_killed_lets_go(tmp_path: Path) -> None:
    home, ready = tmp_path / "home", tmp_path / "ready"
    process = multiprocessing.get_context("fork").Process(target=_stay, args=(str(home), str(ready), 60))
    process.start()
    try:
        while not ready.exists():
            time.sleep(0.01)
        impatient = Files(str(home), patience=0.1)
        with pytest.raises(FilesError, match=r"within 0\.1 s, found that another process does"):
            impatient.alone(make=True).__enter__()
        process.kill()
        process.join()
        with impatient.alone(make=True):
            pass
    finally:
        process.kill()
