"""Commands that can't be run under a guard, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pollguard.cli.executables import check_executable
from pollguard.errors import CommandError

# As s6-overlay 3 begins, and as 1 and 2 do.
S6 = ("#!/bin/sh -e\nexec s6-overlay-suexec\n", "#!/bin/execlineb -S0\n/etc/s6/init/init-stage1 $@\n")


def program(path: Path, text: str = "#!/bin/sh\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("text", S6)
def test_init_of_s6_overlay_is_refused(tmp_path: Path, text: str) -> None:
    name = program(tmp_path / "init", text)
    with pytest.raises(
        CommandError, match=r"is the init of s6-overlay.*bot_cluster_poller_entrypoint"
    ) as raised:
        check_executable(name, {})
    assert raised.value.exit_code == 126


@pytest.mark.parametrize("link", ["sbin/init", "usr/bin/init"])
def test_init_system_is_refused(tmp_path: Path, link: str) -> None:
    systemd = program(tmp_path / "lib/systemd/systemd")
    (tmp_path / link).parent.mkdir(parents=True)
    (tmp_path / link).symlink_to(systemd)
    for name in (systemd, str(tmp_path / link)):
        with pytest.raises(CommandError, match="is an init system, which runs only as process 1"):
            check_executable(name, {})


def test_init_system_in_path_is_refused(tmp_path: Path) -> None:
    program(tmp_path / "sbin/init")
    with pytest.raises(CommandError, match="COMMAND 'init' is an init system"):
        check_executable("init", {"PATH": f"/none:{tmp_path}/sbin"})


@pytest.mark.parametrize("name", ["init", "app/init", "app/systemd", "sbin/tini", "bin/s6"])
def test_program_of_another_kind_is_run(tmp_path: Path, name: str) -> None:
    check_executable(program(tmp_path / name), {})
