"""Exit codes of the command line, and what its commands load."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pollguard import exit_codes
from pollguard_harness import APP, MakeGuard

PY = sys.executable


@pytest.mark.parametrize(
    ("arguments", "env", "code", "said"),
    [
        (
            ["run", "--", "true"],
            {"POLLGUARD_REDIS_URL": ""},
            exit_codes.BAD_REDIS_URL,
            "POLLGUARD_REDIS_URL is not set",
        ),
        (
            ["run", "true"],
            {"POLLGUARD_REDIS_URL": "http://:pw99@h"},
            exit_codes.BAD_REDIS_URL,
            "scheme must be one of",
        ),
        (["run", "true"], {"POLLGUARD_RENEW": "9"}, exit_codes.BAD_SETTINGS, "POLLGUARD_RENEW must be less"),
        (
            ["run", "true"],
            {"TELEGRAM_BOT_TOKEN": "nonsense"},
            exit_codes.BAD_SETTINGS,
            "not shaped like a bot token",
        ),
        (
            ["run", "no-such-program"],
            {},
            exit_codes.NOT_FOUND,
            "COMMAND 'no-such-program' was not found in PATH",
        ),
        (["run", "/no/such/program"], {}, exit_codes.NOT_FOUND, "'/no/such/program' was not found"),
        (["run", "/etc/passwd"], {}, exit_codes.NOT_EXECUTABLE, "COMMAND '/etc/passwd' is not executable"),
        (["run", "/etc"], {}, exit_codes.NOT_EXECUTABLE, "COMMAND '/etc' is a folder"),
        (["run"], {}, exit_codes.USAGE, "COMMAND is missing"),
        (["run", "--mode", "both", "--", "true"], {}, exit_codes.USAGE, "unknown mode 'both'"),
        (["run", "true"], {"POLLGUARD_MODE": "none"}, exit_codes.USAGE, "unknown mode 'none'"),
        (["run", "--mode"], {}, exit_codes.USAGE, "--mode needs a value"),
        (["run", "--speed=9", "true"], {}, exit_codes.USAGE, "unknown option --speed"),
        (["walk"], {}, exit_codes.USAGE, "not understood: walk"),
        ([], {}, exit_codes.USAGE, "no arguments"),
        (["health"], {}, exit_codes.NOT_GOOD, "no guard of one runs here"),
        (["status"], {}, exit_codes.NOT_GOOD, "no guard of one runs here"),
        (["--version"], {}, exit_codes.OK, "pollguard "),
        (["--help"], {}, exit_codes.OK, "usage: pollguard run"),
    ],
)
def test_exit_codes_before_anything_runs(
    make_guard: MakeGuard, arguments: list[str], env: dict[str, str], code: int, said: str
) -> None:
    guard = make_guard("one")
    guard.env |= env
    result = guard.tool(*arguments)
    assert said in result.stdout + result.stderr
    assert result.returncode == code
    assert "pw99" not in result.stderr
    assert "nonsense" not in result.stderr


def test_a_health_check_loads_nothing_dear() -> None:
    probe = (
        f"import sys; sys.path.insert(0, {str(APP)!r}); import pollguard.cli.main, pollguard.cli.client; "
        "print(*{'redis', 'asyncio', 'prometheus_client', 'ctypes', 'logging', 'ssl'} & set(sys.modules))"
    )
    assert subprocess.check_output([PY, "-I", "-c", probe], text=True).strip() == ""
