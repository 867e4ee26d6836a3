"""The module as Ansible sees it, on this machine; the Docker client is stood in for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._core import docker as _docker
from ansible_collections.aisha.cluster.plugins.module_utils._host import resources as _host_resources
from ansible_collections.aisha.cluster.plugins.modules import host_resource_info
from requests.exceptions import ConnectionError as Refused


class Client:
    """Stands in for docker.APIClient."""

    api_version = "1.41"

    def __init__(self, **_options: Any) -> None:
        pass

    def info(self) -> dict[str, Any]:
        return {
            "ServerVersion": "20.10.24",
            "Containers": 12,
            "ContainersRunning": 10,
            "Driver": "overlay2",
            "DockerRootDir": "/proc",
        }


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_docker, "APIClient", Client)


def run(capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
        host_resource_info.main()
    assert not exited.value.code
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("check_mode", [False, True])
def test_all_of_a_host(check_mode: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(tmp_path), str(tmp_path / "not-there")]
    result = run(capsys, paths=paths, _ansible_check_mode=check_mode)
    assert (result["changed"], result["problems"]) == (False, [])
    assert result["load"]["cpus"] == os.cpu_count()
    assert result["memory"]["total_bytes"] > result["memory"]["available_bytes"] > 0
    # Each file system once, by the first path on it, and the engine's own at the end.
    assert [disk["path"] for disk in result["disks"]] == [str(tmp_path), "/proc"]
    assert result["engine"] == {
        "version": "20.10.24",
        "running": 10,
        "stopped": 2,
        "storage_driver": "overlay2",
        "folder": "/proc",
        "problem": None,
    }


def test_an_engine_elsewhere_has_its_folder_there(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, docker_host="tcp://192.0.2.1:2375")
    assert [disk["path"] for disk in result["disks"]] == ["/"]


def test_an_engine_that_does_not_answer_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_self: Client) -> None:
        raise Refused("Connection refused")

    monkeypatch.setattr(Client, "info", refuse)
    result = run(capsys)
    assert result["engine"].pop("problem") == (
        "Docker engine unix:///var/run/docker.sock: expected what it says of itself, found "
        "Connection refused. Start the engine, or correct docker_host."
    )
    assert set(result["engine"].values()) == {None}
    assert result["memory"]


def test_what_can_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_host_resources, "_MEMINFO", tmp_path / "none")
    result = run(capsys)
    assert result["memory"] is None
    (problem,) = result["problems"]
    assert problem.startswith("memory: ")
    assert str(tmp_path / "none") in problem
