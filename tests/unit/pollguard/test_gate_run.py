"""One guard in gate mode as a process: exit codes, environment, health, deafness, metrics, what it says."""

from __future__ import annotations

import signal
import urllib.request
from pathlib import Path

import pytest
from gate_harness import MakeGate
from pollguard import exit_codes
from pollguard.gate.alias import alias_of
from pollguard_harness import RedisServer, free_port, listener, wait_for
from standin_process import Account


@pytest.mark.parametrize(
    ("env", "command", "code", "said"),
    [
        ({}, "no-such-program", exit_codes.NOT_FOUND, "COMMAND 'no-such-program' was not found in PATH"),
        ({}, "/etc/passwd", exit_codes.NOT_EXECUTABLE, "is not executable"),
        ({"POLLGUARD_RENEW": "9"}, "true", exit_codes.BAD_SETTINGS, "POLLGUARD_RENEW must be less"),
        ({"POLLGUARD_REDIS_TIMEOUT": "1"}, "true", exit_codes.BAD_SETTINGS, "must not exceed POLLGUARD_TTL"),
        (
            {"POLLGUARD_HANDOVER": "later"},
            "true",
            exit_codes.BAD_SETTINGS,
            "POLLGUARD_HANDOVER must be one of",
        ),
        (
            {"POLLGUARD_GATE_ADDRESS": "192.0.2.1"},
            "true",
            exit_codes.BAD_SETTINGS,
            "the gate can't listen on",
        ),
        ({"POLLGUARD_REDIS_URL": ""}, "true", exit_codes.BAD_REDIS_URL, "POLLGUARD_REDIS_URL is not set"),
    ],
)
def test_exit_codes_before_anything_runs(
    make_gate: MakeGate, env: dict[str, str], command: str, code: int, said: str
) -> None:
    guard = make_gate("one")
    guard.env |= {"POLLGUARD_LOG_LEVEL": "info"} | env
    result = guard.tool("run", "--", command)
    assert said in result.stderr
    assert result.returncode == code
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_port_that_is_taken(make_gate: MakeGate) -> None:
    guard = make_gate("one")
    with listener() as port:
        guard.env["POLLGUARD_GATE_PORT"] = str(port)
        result = guard.tool("run", "--", "true")
    assert result.returncode == exit_codes.PORT_TAKEN
    assert f"the gate's port {port} of 127.0.0.1 is taken: set POLLGUARD_GATE_PORT" in result.stderr


@pytest.mark.parametrize("login", ["", ":wr0ngpass@", "guard:wr0ngpass@", "guard:right-pass@"])
def test_a_redis_that_refuses(make_gate: MakeGate, own_redis: RedisServer, login: str) -> None:
    """No password, a wrong one, a wrong one of a user, and a user who may not do what is needed."""
    own_redis.client.acl_setuser("guard", enabled=True, passwords=["+right-pass"], commands=["+ping"])
    own_redis.client.config_set("requirepass", "main-pass")
    result = make_gate("one", own_redis.url.replace("//", f"//{login}")).tool("run", "--", "true")
    assert result.returncode == exit_codes.REDIS_REFUSED
    assert "refuses the guard" in result.stderr
    assert "pass@" not in result.stderr


@pytest.mark.parametrize("command", ["EVALSHA", "EVAL", "HMGET"])
def test_a_redis_without_a_needed_command(make_gate: MakeGate, command: str) -> None:
    """Renamed or disabled, as managed services have it: by itself, and in a script."""
    server = RedisServer("--rename-command", command, "")
    try:
        result = make_gate("one", server.url).tool("run", "--", "true")
    finally:
        server.stop()
    assert result.returncode == exit_codes.REDIS_REFUSED
    assert "unknown" in result.stderr.lower()
    assert "rename-command" in result.stderr
    assert "args beginning" not in result.stderr


def test_a_redis_without_the_database(make_gate: MakeGate, redis_server: RedisServer) -> None:
    result = make_gate("one", redis_server.url.replace("/2", "/99")).tool("run", "--", "true")
    assert result.returncode == exit_codes.REDIS_REFUSED
    assert "DB index is out of range" in result.stderr


def test_a_redis_user_who_may_not_run_a_command_in_a_script(
    make_gate: MakeGate, own_redis: RedisServer
) -> None:
    own_redis.client.acl_setuser(
        "guard",
        enabled=True,
        passwords=["+right-pass"],
        keys=["*"],
        channels=["*"],
        commands=["+@all", "-hmget"],
    )
    guard = make_gate("one", own_redis.url.replace("//", "//guard:right-pass@"))
    assert guard.tool("run", "--", "true").returncode == exit_codes.REDIS_REFUSED


def test_what_the_command_is_given(make_gate: MakeGate) -> None:
    guard = make_gate("one")
    guard.env |= {
        "POLLGUARD_API_URL_VARIABLES": "BOT_API, API_ROOT",
        "HTTPS_PROXY": "http://proxy:3128",
        "no_proxy": "localhost",
    }
    target = guard.folder.path / "environment"
    guard.start(command=["sh", "-c", f"env > {target}.new && mv {target}.new {target} && exit 7"])
    assert guard.wait() == 7
    told = dict(line.split("=", 1) for line in target.read_text().splitlines() if "=" in line)
    url = f"http://127.0.0.1:{guard.port}"
    assert {told[name] for name in ("TELEGRAM_API_URL", "BOT_API", "API_ROOT")} == {url}
    assert told["no_proxy"] == "localhost,127.0.0.1"
    assert "127.0.0.1" in told["NO_PROXY"]
    assert not [name for name in told if name.startswith("POLLGUARD_")]
    assert told["TELEGRAM_BOT_TOKEN"] == alias_of(guard.account.token)
    assert guard.account.token not in target.read_text()
    assert f"COMMAND ended without having polled {url}: it must take its API address from" in guard.log


def test_the_bot_is_given_the_real_token_if_asked_for(make_gate: MakeGate) -> None:
    guard = make_gate("one")
    target = guard.folder.path / "environment"
    script = f"echo $TELEGRAM_BOT_TOKEN > {target}.new && mv {target}.new {target} && exit 7"
    guard.start(command=["sh", "-c", script], env={"POLLGUARD_TOKEN_EXPOSURE": "bot"})
    assert guard.wait() == 7
    assert target.read_text().strip() == guard.account.token


def test_a_token_on_the_command_line_is_an_alias(make_gate: MakeGate) -> None:
    guard = make_gate("one")
    target = guard.folder.path / "words"
    script = f"echo $0 > {target}.new && mv {target}.new {target} && exit 7"
    guard.start(command=["sh", "-c", script, f"--token={guard.account.token}"])
    assert guard.wait() == 7
    assert target.read_text().strip() == f"--token={alias_of(guard.account.token)}"


def test_health_before_the_first_poll(make_gate: MakeGate) -> None:
    guard = make_gate("one").start("--polls-for=0", env={"POLLGUARD_START_GRACE": "30"})
    guard.folder.wait_event("start")
    health = guard.tool("health")
    assert health.returncode == exit_codes.NOT_GOOD
    assert f"COMMAND has not polled http://127.0.0.1:{guard.port} in the" in health.stdout
    assert "it must take its API address from TELEGRAM_API_URL" in health.stdout
    status = guard.status() or {}
    assert (status["role"], status["command_poll_age_s"]) == ("standby", None)


@pytest.mark.parametrize("polls_for", ["0", "1"])
def test_a_bot_that_doesnt_poll_is_ended(make_gate: MakeGate, polls_for: str) -> None:
    """Never, or no longer."""
    env = {"POLLGUARD_POLL_MAX_AGE": "1", "POLLGUARD_START_GRACE": "1"}
    guard = make_gate("one").start("--timeout=1", f"--polls-for={polls_for}", env=env)
    started = guard.folder.wait_event("start")["at"]
    assert guard.wait() == exit_codes.DEAF
    assert guard.folder.events("term")[0]["at"] - started >= (0.8 if polls_for == "0" else 1.8)


def test_a_bot_that_polls_with_negative_offsets_becomes_active(make_gate: MakeGate, account: Account) -> None:
    """While it stands by, such polls are refused, but count as polls; then they pass as permitted."""
    account.say("skipped")
    last = account.say("hello")
    env = {"POLLGUARD_ACTIVE_MAY": "negativeOffset"}
    guard = make_gate("one").start("--offset=-1", "--timeout=1", env=env).wait_active()
    assert account.wait_answer("hello") == "one"
    assert [event["update"] for event in guard.folder.events("got")] == [last]
    assert guard.log.count("a negative offset of COMMAND's is not passed on") <= 3


def test_a_failing_health_command(make_gate: MakeGate) -> None:
    guard = make_gate("one")
    marker = guard.folder.path / "sick"
    guard.env |= {
        "POLLGUARD_HEALTH_COMMAND": f"test ! -e {marker}",
        "POLLGUARD_HEALTH_INTERVAL": "0.1",
        "POLLGUARD_HEALTH_RETRIES": "2",
        "POLLGUARD_START_GRACE": "0.1",
    }
    guard.start().wait_active()
    marker.touch()
    assert guard.wait() == exit_codes.UNHEALTHY
    assert guard.folder.events("term")


def test_metrics(make_gate: MakeGate, account: Account) -> None:
    port = free_port()
    env = {"POLLGUARD_METRICS_PORT": str(port), "POLLGUARD_METRICS_ADDRESS": "127.0.0.1"}
    make_gate("one").start(env=env).wait_active()
    update = account.say("hello")
    account.wait_answer("hello")

    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            return str(response.read().decode())

    text = wait_for(lambda: text if f"confirmed_offset {update + 1:.0f}" in _plain(text := read()) else "")
    plain = _plain(text)
    for line in (
        "pollguard_active 1",
        "pollguard_good 1",
        "pollguard_updates_total 1",
        "pollguard_conflicts_total 0",
        "pollguard_fenced_updates_total 0",
        "pollguard_position_resets_total 0",
        "pollguard_unauthorized_total 0",
        "pollguard_token_refused 0",
        "pollguard_lease_takes_total 1",
        f"pollguard_delivered_offset {update + 1}",
        'pollguard_info{instance="one",mode="gate"',
    ):
        assert line in plain, line
    assert account.token.partition(":")[2] not in text


def _plain(text: str) -> str:
    """Numbers without exponent."""
    lines = []
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        whole = not line.startswith("#") and value.replace(".", "").replace("e+", "").isdigit()
        lines.append(f"{name} {float(value):.0f}" if whole and float(value).is_integer() else line)
    return "\n".join(lines)


def test_the_token_is_nowhere(make_gate: MakeGate, account: Account) -> None:
    """Not in the log at its loudest, nor in status and errors, while everything goes wrong."""
    guard = make_gate("one").start("--timeout=1").wait_active()
    account.fail("getUpdates", error_code=0, count=3)
    account.fail("sendMessage", error_code=0, count=1)
    account.say("hello")
    wait_for(lambda: guard.folder.events("got"), what="the update comes all the same")
    account.remove()
    wait_for(lambda: (guard.status() or {})["revoked"], what="it is told that the token was revoked")
    secret = account.token.partition(":")[2]
    for words in (["status"], ["status", "--json"], ["health"], ["handover"]):
        result = guard.tool(*words)
        assert secret not in result.stdout + result.stderr
    assert secret not in Path(f"/proc/{guard.pid}/cmdline").read_text()
    assert secret not in guard.log
    assert "refuses the token (401)" in guard.log
    assert "Telegram refuses the token" in guard.tool("health").stdout
    account.add()


def test_signals_are_passed_on_and_the_code_kept(make_gate: MakeGate) -> None:
    guard = make_gate("one").start(command=["sh", "-c", "trap 'exit 9' USR1; while :; do sleep 0.05; done"])
    guard.wait_logged("COMMAND started")
    wait_for(lambda: (guard.status() or {}).get("command_pid"))
    guard.signal(signal.SIGUSR1)
    assert guard.wait() == 9
