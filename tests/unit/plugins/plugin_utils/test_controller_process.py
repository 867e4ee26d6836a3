"""Which process a plugin works for, and whether another one has ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._controller_process import (
    ControllerRun,
    has_ended,
    owner,
    this_run,
)


def _tell(pipe: Connection) -> None:
    pipe.send(str(this_run()))


def test_a_worker_is_of_the_run_of_its_parent() -> None:
    here, there = multiprocessing.Pipe()
    worker = multiprocessing.get_context("fork").Process(target=_tell, args=(there,))
    worker.start()
    worker.join()
    assert here.recv() == str(this_run())
    assert this_run().pid == os.getpid()
    assert not has_ended(str(this_run()))


def test_a_process_that_has_ended_has_and_a_later_one_of_its_number_is_another() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        stat = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()
        run = ControllerRun(this_run().system, other.pid, stat[19])
        assert not has_ended(str(run))
        assert has_ended(f"{run.system}/{run.pid}/{int(run.started) - 1}")
        other.send_signal(signal.SIGKILL)
        while Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert has_ended(str(run))  # though nobody has waited for it
    assert has_ended(str(run))


@pytest.mark.parametrize("text", ["", "x", "a/b/c", "/1/2", "other-boot.4026531836/1/2", "a/1/"])
def test_of_a_run_elsewhere_nothing_is_known(text: str) -> None:
    assert not has_ended(text)


def test_without_proc_a_run_is_named_and_none_is_said_to_have_ended(tmp_path: Path) -> None:
    run = this_run(tmp_path)
    assert (run.pid, run.started) == (os.getpid(), "0")
    assert ControllerRun.parse(str(run)) == run
    assert not has_ended(str(run), tmp_path)


def test_a_name_with_brackets_is_read_past(tmp_path: Path) -> None:
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[42]")
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("boot\n")
    (tmp_path / "7").mkdir()
    fields = " ".join(["S", *map(str, range(4, 22)), "700", "0"])
    (tmp_path / "7/stat").write_text(f"7 (a) S 1 (b)) {fields}\n")
    assert not has_ended("boot.42/7/700", tmp_path)
    assert has_ended("boot.42/7/699", tmp_path)
    assert has_ended("boot.42/8/700", tmp_path)
    assert not has_ended("boot.43/7/699", tmp_path)


def test_an_owner_has_a_name_and_a_place() -> None:
    user, _at, host = owner().partition("@")
    assert user
    assert host
