"""The action host_files against this machine's files and engine.

Needs Docker, and the images that are named below."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import host_files
from local_engine import docker, needs
from playing import Played, play

IMAGE = "python:3.11-slim-bookworm"
SECRET = secrets.token_urlsafe(24)
# Prints what it has read, and again whenever it is told to.
READER = """
import signal, time
def read(*_):
    print(open('/read/file').read(), flush=True)
signal.signal(signal.SIGHUP, read)
read()
while True:
    time.sleep(60)
"""
VALID = {
    "image": IMAGE,
    "command": ["python", "-c", "import json; json.load(open('/checked'))"],
    "target": "/checked",
}


needs_engine = needs(IMAGE)


class Host:
    """A folder of this machine."""

    def __init__(self, folder: Path, printed: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.file = self.home / "file"
        self._printed = printed

    def arguments(self, **file: Any) -> dict[str, Any]:
        return {
            "folders": [{"path": str(self.home), "mode": "0750"}],
            "files": [{"path": str(self.file), **file}],
        }

    def bring(self, *, check: bool = False, **file: Any) -> dict[str, Any]:
        """Return what the module returns."""
        arguments = {**self.arguments(**file), "_ansible_check_mode": check}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            host_files.main()
        return dict(json.loads(self._printed.readouterr().out))

    def play(self, *options: str, **file: Any) -> Played:
        """Run the action, which shows the difference."""
        return play(self.folder, "aisha.cluster.host_files", self.arguments(**file), "--diff", *options)


@pytest.fixture
def host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Host:
    return Host(tmp_path, capsys)


@pytest.fixture
def reader(host: Host) -> Iterator[str]:
    """A container that reads the file."""
    host.bring(content="former")
    name = f"host-files-test-{secrets.token_hex(3)}"
    mount = ("-v", f"{host.home}:/read:ro", "--network", "none")
    docker("run", "-d", "--name", name, *mount, IMAGE, "python", "-c", READER)
    yield name
    docker("rm", "-f", name)


def kinds(done: dict[str, Any]) -> list[tuple[str, str]]:
    return [(Path(each["path"]).name, each["kind"]) for each in done["changes"]]


def test_folder_and_file_are_made_and_then_unchanged(host: Host) -> None:
    made = host.bring(content="former", mode="0600")
    assert (made["changed"], kinds(made)) == (True, [("home", "folder"), ("file", "file")])
    assert (host.file.read_text(), host.file.stat().st_mode & 0o777) == ("former", 0o600)
    assert host.home.stat().st_mode & 0o777 == 0o750
    again = host.bring(content="former", mode="0600")
    assert (again["changed"], again["changes"]) == (False, [])


def test_drift_is_reported_and_changed(host: Host) -> None:
    host.bring(content="former")
    assert host.bring(content="latter")["changes"] == [
        {"path": str(host.file), "kind": "file", "before": "former"}
    ]
    host.file.chmod(0o666)
    host.home.chmod(0o777)
    assert kinds(host.bring(content="latter")) == [("home", "access"), ("file", "access")]
    assert (host.file.stat().st_mode & 0o777, host.home.stat().st_mode & 0o777) == (0o644, 0o750)


def test_check_mode_tells_and_makes_nothing(host: Host) -> None:
    assert kinds(host.bring(check=True, content="former")) == [("home", "folder"), ("file", "file")]
    assert not host.home.exists()
    # Of a file that something else makes before.
    assert "failed" not in host.bring(check=True)


def test_the_action_shows_the_difference_and_no_secret(host: Host) -> None:
    host.bring(content="former\n")
    shown = host.play(content="latter\n")
    assert (shown.code, "-former" in shown.printed, "+latter" in shown.printed) == (0, True, True)
    hidden = host.play(content=SECRET, secret=True)
    assert host.file.read_text() == SECRET
    assert (hidden.code, "+(a secret)" in hidden.printed) == (0, True)
    assert SECRET not in hidden.printed + json.dumps(hidden.result)
    assert host.bring(content=f"{SECRET} and more", secret=True)["changes"][0]["before"] == ""


def test_kept_file_keeps_its_content(host: Host) -> None:
    host.bring(content="former", keep=True)
    kept = host.bring(content="latter", keep=True)
    assert (kept["changed"], host.file.read_text()) == (False, "former")


def test_file_without_content_has_to_be_there(host: Host) -> None:
    missing = host.bring()
    assert missing["failed"]
    assert f"{host.file}: expected a file" in missing["msg"]
    host.file.write_text("by somebody")
    assert kinds(host.bring(mode="0600")) == [("file", "access")]
    assert host.file.read_text() == "by somebody"


def test_a_file_in_a_folder_that_is_missing_is_named(host: Host) -> None:
    host.file = host.home / "none" / "file"
    assert f"expected a folder for it, found no {host.home}/none" in host.bring(content="former")["msg"]


@needs_engine
def test_what_is_not_valid_is_not_written(host: Host) -> None:
    assert "failed" not in host.bring(content='["former"]', validate=VALID)
    refused = host.bring(content='["latter"', validate=VALID)
    assert f"{host.file}: expected python of {IMAGE} to find it valid" in refused["msg"]
    assert "JSONDecodeError" in refused["msg"]
    assert host.file.read_text() == '["former"]'
    assert list(host.home.iterdir()) == [host.file]


@needs_engine
def test_validation_has_what_it_mounts(host: Host) -> None:
    beside = host.folder / "beside"
    beside.mkdir()
    (beside / "word").write_text("former")
    command = ["python", "-c", "assert open('/beside/word').read() == open('/checked').read()"]
    how = {"image": IMAGE, "command": command, "target": "/checked", "mounts": {str(beside): "/beside"}}
    assert "failed" not in host.bring(content="former", validate=how)
    assert host.bring(content="latter", validate=how)["failed"]


@needs_engine
def test_changed_file_reloads_its_container(host: Host, reader: str) -> None:
    wait_for_line(reader, "former")
    assert host.bring(content="latter", reload={"container": reader})["reloaded"] == [reader]
    wait_for_line(reader, "latter")
    assert host.bring(content="latter", reload={"container": reader})["reloaded"] == []
    fails = {"container": reader, "command": ["python", "-c", "raise SystemExit('no such thing')"]}
    refused = host.bring(content="another", reload=fails)
    assert f"{reader}: expected it to take its new configuration; found: no such thing" in refused["msg"]
    docker("stop", "-t", "0", reader)
    assert host.bring(content="yet another", reload={"container": reader})["reloaded"] == []
    assert host.bring(content="the last", reload={"container": "no-such-reader"})["reloaded"] == []


def wait_for_line(container: str, line: str) -> None:
    deadline = time.monotonic() + 10
    while line not in docker("logs", container).splitlines():
        assert time.monotonic() < deadline, docker("logs", container)
        time.sleep(0.1)
