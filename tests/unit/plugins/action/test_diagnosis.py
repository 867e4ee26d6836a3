"""The actions of a diagnosis in a real playbook, on a host without an engine."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from ansible_run import ansible_playbook

SECRET = "correct-horse"  # noqa: S105 - nobody's


def play(tmp_path: Path, *tasks: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    book = tmp_path / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    return ansible_playbook(tmp_path, book)


def collect(tmp_path: Path) -> dict[str, Any]:
    home = tmp_path / "home"
    home.mkdir()
    (home / f"name-{SECRET}").touch()
    options = {"docker_host": "unix:///run/there-is-none.sock", "home": str(home), "patience": 10}
    arguments = {"dest": str(tmp_path / "parts"), "secrets": [f"redis://:{SECRET}@redis"], "collect": options}
    return {"aisha.cluster.host_diagnosis": arguments, "register": "found"}


def pack(tmp_path: Path, hosts: Any, dest: str = "reports") -> dict[str, Any]:
    arguments = {"source": str(tmp_path / "parts"), "dest": str(tmp_path / dest), "hosts": hosts}
    return {"aisha.cluster.diagnosis_archive": arguments}


def test_what_can_be_had_is_packed_without_secrets(tmp_path: Path) -> None:
    done = play(
        tmp_path,
        collect(tmp_path),
        pack(tmp_path, {"localhost": "{{ found }}", "two": {"msg": "it is down"}}),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "reports").iterdir()
    assert (
        path.stat().st_mode & 0o777,
        re.fullmatch(r"cluster-\d{8}T\d{6}Z\.tar\.gz", path.name) is None,
    ) == (0o600, False)
    with tarfile.open(path) as archive:
        files = {one.name.partition("/")[2]: archive.extractfile(one).read().decode() for one in archive}  # type: ignore[union-attr] # only files are in it
    assert "name-***" in files["localhost/host/cluster_home.txt"]
    assert [name for name, text in files.items() if SECRET in text] == []
    assert SECRET not in done.stdout + done.stderr
    assert "- two: nothing was collected. it is down" in files["summary.txt"]
    assert re.search(r"^  without engine and containers: ", files["summary.txt"], re.MULTILINE)
    # The summary is shown as it is.
    shown = done.stdout.splitlines()
    assert [line for line in files["summary.txt"].splitlines() if line not in shown] == []


def test_nothing_at_all_is_a_failure(tmp_path: Path) -> None:
    done = play(tmp_path, pack(tmp_path, {"one": {"unreachable": True, "msg": "it is down"}}))
    assert done.returncode == 2
    assert "Nothing could be collected of any host." in done.stdout
    assert len([*(tmp_path / "reports").iterdir()]) == 1


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = play(tmp_path, pack(tmp_path, {"one": {}}, dest="file/reports"))
    assert done.returncode == 2
    said = " ".join(done.stdout.split())
    assert "expected to write the archive there, found" in said
    assert "-e diagnose_dir=" in said
