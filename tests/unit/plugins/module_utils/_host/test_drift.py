"""Files, folders, kernel settings and the engine's configuration against real files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host import drift

ROOT = os.geteuid() == 0
CONFIG = {"live-restore": True, "insecure-registries": ["one:5000"], "log-opts": {"max-size": "10m"}}
INFO = {"LiveRestoreEnabled": True, "RegistryConfig": {"IndexConfigs": {"one:5000": {}}, "Mirrors": []}}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def reasons(changes: Any) -> list[tuple[str, str]]:
    return [(change.kind, change.reason) for change in changes]


def test_file_that_is_as_desired_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text\n")
    assert reasons(drift.file_changes([{"path": str(tmp_path / "a"), "sha256": sha256("text\n")}])) == []
    assert reasons(drift.file_changes([{"path": str(tmp_path / "a")}])) == []


def test_file_with_other_content_or_none_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("other\n")
    files = [{"path": str(tmp_path / name), "sha256": sha256("text\n")} for name in ("a", "b")]
    found = list(drift.file_changes(files))
    assert [(change.subject, change.reason) for change in found] == [
        (str(tmp_path / "a"), "content"),
        (str(tmp_path / "b"), "missing"),
    ]


@pytest.mark.skipif(not ROOT, reason="owners are given by root alone")
def test_file_that_others_may_use_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("key")
    path.chmod(0o600)
    file = {"path": str(path), "mode": "0600"}
    assert reasons(drift.file_changes([file])) == []
    path.chmod(0o644)
    assert reasons(drift.file_changes([file])) == [("file", "mode")]
    path.chmod(0o600)
    os.chown(path, 1000, 0)
    assert reasons(drift.file_changes([file])) == [("file", "owner")]


@pytest.mark.skipif(not ROOT, reason="owners are given by root alone")
def test_folder_is_there_with_its_mode(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs").chmod(0o1777)
    (tmp_path / "file").touch()
    folders = [
        {"path": str(tmp_path / "logs"), "mode": "1777"},
        {"path": str(tmp_path / "logs"), "mode": "0755"},
        {"path": str(tmp_path / "file"), "mode": "0755"},
    ]
    assert reasons(drift.folder_changes(folders)) == [("folder", "mode"), ("folder", "missing")]


def test_file_that_an_interrupted_run_left_is_a_change(tmp_path: Path) -> None:
    assert reasons(drift.leftover_files([str(tmp_path), str(tmp_path / "none")])) == []
    (tmp_path / "127.0.0.1:8001").touch()
    assert reasons(drift.leftover_files([str(tmp_path)])) == [("file", "left over")]


def test_kernel_setting_with_another_value_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "mode").write_text("0\n")
    (tmp_path / "net" / "range").write_text("1\t2\n")
    settings = {"net.mode": "1", "net.range": "1 2", "net.none": "1"}
    found = list(drift.sysctl_changes(settings, str(tmp_path)))
    assert [(change.subject, change.reason) for change in found] == [("net.mode", "value")]


@pytest.mark.parametrize(
    ("actual", "info", "expected"),
    [
        ({**CONFIG, "debug": True}, INFO, []),
        ({**CONFIG, "insecure-registries": ["two:5000", "one:5000", "10.0.0.0/8"]}, INFO, ["not loaded"]),
        ({**CONFIG, "live-restore": False}, INFO, ["content", "not loaded"]),
        ({**CONFIG, "log-opts": {"max-file": "3"}}, INFO, ["content"]),
        ({**CONFIG, "insecure-registries": []}, INFO, ["content"]),
        (CONFIG, {**INFO, "LiveRestoreEnabled": False}, ["not loaded"]),
        ({**CONFIG, "registry-mirrors": ["http://hub/"]}, INFO, ["not loaded"]),
        (None, INFO, ["missing or unreadable"]),
    ],
)
def test_engine_configuration(
    tmp_path: Path, actual: dict[str, Any] | None, info: dict[str, Any], expected: list[str]
) -> None:
    path = tmp_path / "daemon.json"
    if actual is not None:
        path.write_text(json.dumps(actual))
    assert [change.reason for change in drift.daemon_changes(str(path), CONFIG, info)] == expected


def test_engine_without_desired_configuration_may_have_any(tmp_path: Path) -> None:
    assert reasons(drift.daemon_changes(str(tmp_path / "none"), {}, {})) == []


def test_mirror_is_the_same_with_and_without_a_slash(tmp_path: Path) -> None:
    (tmp_path / "daemon.json").write_text('{"registry-mirrors": ["http://hub/"]}')
    info = {"RegistryConfig": {"Mirrors": ["http://hub"]}}
    config = {"registry-mirrors": ["http://hub/"]}
    assert reasons(drift.daemon_changes(str(tmp_path / "daemon.json"), config, info)) == []


def test_kernel_without_ipv6_has_no_list_of_its_addresses(tmp_path: Path) -> None:
    addresses = tmp_path / "if_inet6"
    assert not drift.has_ipv6(str(addresses))
    addresses.touch()
    assert drift.has_ipv6(str(addresses))
