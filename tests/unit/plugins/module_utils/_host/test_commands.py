"""What a host says of itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host import commands as words


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_what_a_program_prints() -> None:
    assert words.run_command(python("print('x' * 3)"), 10) == "xxx\n"
    # Some tell of what isn't well by their exit code.
    assert words.run_command(python("print('down'); raise SystemExit(3)"), 10) == "down\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["there-is-no-such-program"], "no program there-is-no-such-program on this host"),
        (python("import sys; sys.exit('not as\\n this user')"), "exit code 1 and said: not as this user"),
        (python("import sys; sys.exit(2)"), "exit code 2 and said: nothing"),
    ],
)
def test_why_a_program_says_nothing(argv: list[str], said: str) -> None:
    with pytest.raises(OSError, match=said):
        words.run_command(argv, 10)


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(TimeoutError, match=r"didn't end within 0.2 s"):
        words.run_command(python("import time; time.sleep(60)"), 0.2)


def test_the_system_and_its_resources() -> None:
    said = words.system()
    assert said.startswith("Linux ")
    assert "== /etc/os-release" in said
    lines = words.resources(["/", "/opt"]).splitlines()
    assert [line.split()[0] for line in lines] == ["memory", "load", "disk", "disk"]


def test_a_listing_has_no_content_and_no_end(tmp_path: Path) -> None:
    secret = tmp_path / "embedded" / "secret"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("correct-horse")
    secret.chmod(0o600)
    (tmp_path / "storage").mkdir()
    for number in range(60):
        (tmp_path / "storage" / f"{number:02}").touch()
    (tmp_path / "up").symlink_to("/")
    said = words.listing(str(tmp_path))
    assert "correct-horse" not in said
    lines = said.splitlines()
    assert lines[0].endswith(str(tmp_path))
    assert [line.split()[0] for line in lines if line.endswith(" embedded/secret")] == ["-rw-------"]
    assert lines[-1].endswith(" up")
    assert "… more in storage" in lines
    assert sum(" storage/" in line for line in lines) == 50


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        words.listing("/nonexistent/folder")
