"""What Linux says of a machine, against the same told by others, and what can't be read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host import resources as _host_resources
from ansible_collections.aisha.cluster.plugins.module_utils._host.resources import Memory, disk, load, memory

MEMINFO = (
    "MemTotal:       32768 kB\nMemFree:         1024 kB\nMemAvailable:   16384 kB\nHugePages_Total:       0\n"
)


@pytest.fixture
def meminfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "meminfo"
    monkeypatch.setattr(_host_resources, "_MEMINFO", path)
    return path


def test_memory_is_what_the_kernel_says(meminfo: Path) -> None:
    meminfo.write_text(MEMINFO)
    assert memory() == Memory(total_bytes=32768 * 1024, available_bytes=16384 * 1024)


def test_this_machine_s_memory() -> None:
    found = memory()
    assert found.total_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < found.available_bytes < found.total_bytes


@pytest.mark.parametrize(
    "text", ["", MEMINFO.replace("MemAvailable", "Other"), MEMINFO.replace("32768 kB", "many")]
)
def test_memory_that_is_not_said_is_an_error(text: str, meminfo: Path) -> None:
    meminfo.write_text(text)
    with pytest.raises(ValueError, match=r"expected Mem\w+ in kB, found"):
        memory()


def test_memory_that_can_not_be_read_is_an_error(meminfo: Path) -> None:
    with pytest.raises(OSError, match=str(meminfo)):
        memory()


def test_a_disk_is_as_shutil_says(tmp_path: Path) -> None:
    found, known = disk(str(tmp_path)), shutil.disk_usage(tmp_path)
    assert (found.path, found.total_bytes, found.device) == (
        str(tmp_path),
        known.total,
        tmp_path.stat().st_dev,
    )
    # Others write meanwhile.
    assert abs(found.free_bytes - known.free) < 2**30


def test_a_path_that_is_not_there_yet_is_where_it_would_be(tmp_path: Path) -> None:
    wanted = str(tmp_path / "not" / "there")
    found = disk(wanted)
    assert (found.path, found.device) == (wanted, tmp_path.stat().st_dev)


def test_file_systems_are_told_apart() -> None:
    assert disk("/proc").device != disk("/").device


def test_load_is_as_the_kernel_says() -> None:
    found = load()
    assert found.cpus == os.cpu_count()
    assert all(0 <= value < 10000 for value in (found.one_m, found.five_m, found.fifteen_m))
    text = Path("/proc/loadavg").read_text(encoding="ascii").split()
    assert abs(found.fifteen_m - float(text[2])) < 0.5
