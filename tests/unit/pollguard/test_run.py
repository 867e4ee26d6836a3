"""One guard as a process: COMMAND's exit codes, environment, signals, health, what it costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from pollguard import exit_codes
from pollguard_harness import (
    BOT_ID,
    Folder,
    GuardProcess,
    MakeGuard,
    boot_time,
    free_port,
    listener,
    wait_for,
)

PY = sys.executable


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sh", "-c", "exit 0"], 0),
        (["sh", "-c", "exit 42"], 42),
        (["sh", "-c", "kill -KILL $$"], 137),
        (["sh", "-c", "kill -SEGV $$"], 139),
        # Found, executable, and yet it can't be run.
        (["./bad-interpreter"], exit_codes.NOT_FOUND),
        (["./not-a-program"], exit_codes.NOT_EXECUTABLE),
    ],
)
def test_the_commands_own_code(
    make_guard: MakeGuard, folder: Folder, command: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path)
    for name, text in {"bad-interpreter": "#!/no/such/thing\n", "not-a-program": "\0\1\2"}.items():
        (folder.path / name).write_text(text)
        (folder.path / name).chmod(0o755)
    assert make_guard("one").start(command=command).wait() == code


def test_environment_signals_and_health(make_guard: MakeGuard, folder: Folder) -> None:
    guard = make_guard("one")
    # No LANG: under the C locale the guard's own interpreter adds LC_CTYPE for itself.
    guard.env = {k: v for k, v in guard.env.items() if k != "LANG"} | {
        "ODD": "a=b\nc",
        "PYTHONHOME": "/nowhere",
    }
    with (
        (folder.path / "bot.log").open("w"),
        listener() as port,
    ):
        guard.env |= {"TELEGRAM_API_URL": f"http://localhost:{port}", "POLLGUARD_POLL_MAX_AGE": "60"}
        guard.start("--tell-environment", f"--connect=127.0.0.1:{port}")
        told = folder.wait_event("start")["environment"]
        expected = {k: v for k, v in guard.env.items() if not k.startswith("POLLGUARD_")}
        assert {k: v for k, v in told.items() if k != "LC_CTYPE"} == expected
        pid = folder.events("start")[0]["pid"]
        given = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert not [e for e in given if e.startswith((b"LC_CTYPE", b"POLLGUARD"))]

        guard.signal(signal.SIGHUP)
        folder.wait_event("hup")

        wait_for(lambda: guard.fault() is None)
        wait_for(lambda: (guard.status() or {})["poll_age_s"] is not None, what="the poll is seen")
        status = guard.status() or {}
        assert status["good"]
        assert (status["role"], status["holder"], status["command_pid"]) == ("active", "one", pid)
        assert 0 < status["time_left_s"] <= 1.2
        assert status["poll_age_s"] < 3
        plain = guard.tool("status").stdout
        assert "role                     active" in plain
        costs = [cpu_of_health(guard) for _ in range(3)]
        assert min(costs) <= 0.1, f"a health check costs {min(costs):.3f} s of CPU"

        second = make_guard("one").start()
        assert second.wait() == exit_codes.NAME_TAKEN

        os.kill(guard.keeper_pid, signal.SIGHUP)  # meant for nobody
        guard.signal(signal.SIGINT)
        assert guard.wait() == 128 + signal.SIGINT


def cpu_of_health(guard: GuardProcess) -> float:
    before = os.times()
    assert guard.tool("health").returncode == 0
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_a_frozen_guard_is_unhealthy(make_guard: MakeGuard) -> None:
    guard = make_guard("one").start()
    guard.wait_standby()
    guard.signal(signal.SIGSTOP)
    result = guard.tool("health")
    assert result.returncode == exit_codes.NOT_GOOD
    assert "doesn't answer within 2 s" in result.stdout


def test_a_deaf_bot_is_ended(make_guard: MakeGuard, folder: Folder) -> None:
    guard = make_guard("one")
    with listener() as port:
        guard.env |= {
            "TELEGRAM_API_URL": f"http://127.0.0.1:{port}",
            "POLLGUARD_POLL_MAX_AGE": "1",
            "POLLGUARD_DEAF_AFTER": "2",
            "POLLGUARD_START_GRACE": "1",
        }
        # It polls for a while, and then no longer; that it runs on is what people miss for days.
        guard.start(f"--connect=127.0.0.1:{port}", "--for=1.5")
        at = folder.wait_event("start")["at"]
        wait_for(lambda: "doesn't poll" in (guard.fault() or ""), what="health tells")
        assert guard.wait() == exit_codes.DEAF
        assert folder.events("end")[0]["at"] - at >= 2.4  # seen last up to a second before it hung up


def test_another_process_s_connection_doesnt_count(make_guard: MakeGuard, folder: Folder) -> None:
    import socket

    guard = make_guard("one")
    with listener() as port, socket.create_connection(("127.0.0.1", port)):
        guard.env |= {
            "TELEGRAM_API_URL": f"http://127.0.0.1:{port}",
            "POLLGUARD_POLL_MAX_AGE": "1",
            "POLLGUARD_START_GRACE": "0.5",
        }
        guard.start()
        assert guard.wait() == exit_codes.DEAF


def test_a_failing_health_command_ends_the_bot(make_guard: MakeGuard, folder: Folder) -> None:
    guard = make_guard("one")
    marker = folder.path / "sick"
    guard.env |= {
        "POLLGUARD_HEALTH_COMMAND": f"sh -c 'test ! -e {marker} || sleep 60'",
        "POLLGUARD_HEALTH_INTERVAL": "0.1",
        "POLLGUARD_HEALTH_TIMEOUT": "0.1",
        "POLLGUARD_HEALTH_RETRIES": "2",
        "POLLGUARD_START_GRACE": "0.1",
    }
    guard.start()
    folder.wait_event("start")
    until = boot_time() + 0.5
    wait_for(lambda: boot_time() > until)
    assert guard.role == "active"
    marker.touch()
    assert guard.wait() == exit_codes.UNHEALTHY
    assert "the health command failed, 2 of 2: no end within 0.1 s" in guard.log
    assert folder.events("end")


def test_handover(make_guard: MakeGuard, folder: Folder) -> None:
    active = make_guard("one").start("--drain=0.3", env={"POLLGUARD_STEP_BACK": "0.5"})
    folder.wait_event("start", "one")
    alone = active.tool("handover")
    assert (alone.returncode, alone.stdout) == (1, "no standby is ready to take over, nothing was changed\n")
    alone = active.tool("handover", "--json")
    assert (alone.returncode, json.loads(alone.stdout)["outcome"]) == (1, "no_standby")
    forced = active.tool("handover", "--force")
    assert forced.returncode == 1
    assert "nobody took the lease within 0.5 s: one takes it again" in forced.stdout
    folder.wait_event("start", "one", count=2)
    standby = make_guard("two").start("--drain=0.3")
    standby.wait_standby()
    refused = standby.tool("handover")
    assert (refused.returncode, refused.stdout) == (1, "two is not active, one is\n")
    wait_for(lambda: (active.status() or {})["standbys"])
    refused = json.loads(standby.tool("handover", "--json").stdout)
    assert (refused["done"], refused["outcome"], refused["holder"]) == (False, "not_active", "one")
    done = active.tool("handover", "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["done"], answer["outcome"], answer["holder"]) == (0, True, "taken", "two")
    assert "two took over with epoch" in answer["message"]
    assert answer["epoch"] > 1
    assert 0 <= answer["gap_s"] <= 0.5
    assert answer["released_after_s"] >= 0.3
    gap = folder.wait_event("start", "two")["at"] - folder.wait_event("end", "one", count=2)["at"]
    assert 0 <= gap <= 0.5
    assert (active.role, standby.role) == ("standby", "active")
    assert active.tool("health").returncode == 0
    assert (active.status() or {})["handovers"] == 1


@pytest.mark.parametrize("wrapper", ["sh -c '{bot}; true'", "sh -c '{bot} & wait'"])
def test_a_shell_in_between(make_guard: MakeGuard, folder: Folder, wrapper: str) -> None:
    """A shell passes no signal on and is gone at once; the bot gets its TERM and its time all the same."""
    bot = f"{PY} -I -S -E {Path(__file__).with_name('bot.py')} {folder.path} --drain=0.4"
    guard = make_guard("one").start(command=["sh", "-c", wrapper.split("'")[1].format(bot=bot)])
    folder.wait_event("start")
    guard.signal(signal.SIGTERM)
    assert guard.wait() == 143
    assert folder.events("end")


def test_metrics(make_guard: MakeGuard, folder: Folder) -> None:
    port = free_port()
    env = {"POLLGUARD_METRICS_PORT": str(port), "POLLGUARD_METRICS_ADDRESS": "127.0.0.1"}
    guard = make_guard("one").start(env=env)
    folder.wait_event("start")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        text = response.read().decode()
    for line in (
        "pollguard_active 1.0",
        "pollguard_command_running 1.0",
        "pollguard_lease_epoch 1.0",
        "pollguard_command_starts_total 1.0",
        'pollguard_info{instance="one",mode="process"',
        "pollguard_redis_request_seconds_count",
        "process_resident_memory_bytes",
    ):
        assert line in text
    assert BOT_ID not in text
    # A port that is taken costs the metrics, not the bot.
    other = make_guard("two").start(env=env)
    other.wait_logged("no metrics: port")
    assert guard.role == "active"
    assert other.tool("health").returncode == 0


def test_orphans_are_reaped(make_guard: MakeGuard, folder: Folder) -> None:
    guard = make_guard("one").start("--escape")
    folder.wait_event("start")
    listing = subprocess.check_output(
        ["ps", "-o", "stat=", "--ppid", f"{guard.pid},{guard.keeper_pid}"], text=True
    )
    assert "Z" not in listing


def test_no_lease_is_left_after_a_stop(make_guard: MakeGuard, folder: Folder) -> None:
    guard = make_guard("one").start()
    folder.wait_event("start")
    standby = make_guard("two").start()
    standby.wait_standby()
    standby.signal(signal.SIGTERM)
    assert standby.wait() == 0
    wait_for(lambda: (guard.status() or {})["standbys"] == [])
    guard.signal(signal.SIGTERM)
    assert guard.wait() == 0
    assert not folder.is_anyone_alive()
