"""Guards as processes that reach Telegram through a proxy, whose login nobody gets to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gate_harness import MakeGate
from pollguard import exit_codes
from pollguard_harness import MakeGuard
from proxy_servers import ENCODED, LOGIN, SECRETS, ProxyServer, serving
from standin_process import Account


@pytest.mark.parametrize(
    ("kind", "variable"), [("socks5", "TELEGRAM_PROXY"), ("http", "TELEGRAM_PROXY"), ("socks5", "ALL_PROXY")]
)
def test_a_bot_works_through_it(kind: str, variable: str, make_gate: MakeGate, account: Account) -> None:
    with serving(ProxyServer(kind, LOGIN)) as proxy:
        guard = make_gate("one").start(env={variable: proxy.url(login=ENCODED)}).wait_active()
        account.say("hello")
        assert account.wait_answer("hello") == "one"
        assert guard.fault() is None
        outputs = [guard.log, json.dumps(guard.status()), guard.tool("health").stdout]
        outputs += [
            (Path("/proc") / str(pid) / "cmdline").read_text()
            for pid in (guard.pid, guard.keeper_pid, guard.bot_pid)
        ]
        environment = (Path("/proc") / str(guard.bot_pid) / "environ").read_text()
    assert {target.rpartition(" ")[2] for target in proxy.targets} == {f"127.0.0.1:{account.standin.port}"}
    assert f"127.0.0.1 is reached through {kind}://127.0.0.1:{proxy.port} ({variable})" in guard.log
    assert [secret for secret in SECRETS for output in outputs if secret in output] == []
    if variable == "TELEGRAM_PROXY":
        # The bot reaches its guard, and nothing of this.
        assert "\0TELEGRAM_PROXY=\0" in f"\0{environment}"
        assert [secret for secret in SECRETS if secret in environment] == []


def test_a_wrong_login_is_reported_without_it(make_gate: MakeGate) -> None:
    with serving(ProxyServer("socks5", ("proxy-user", "another"))) as proxy:
        guard = make_gate("one").start(env={"TELEGRAM_PROXY": proxy.url("socks5h", ENCODED)})
        guard.wait_logged("can't be reached through the proxy socks5h://127.0.0.1:")
        guard.wait_logged("Username and password authentication failure")
        outputs = (guard.log, json.dumps(guard.status()), guard.tool("health").stdout)
    assert [secret for secret in SECRETS for output in outputs if secret in output] == []


@pytest.mark.parametrize(
    ("mode", "variable", "text"),
    [
        ("gate", "TELEGRAM_PROXY", f"socks4://{ENCODED}@proxy:1080"),
        ("process", "TELEGRAM_PROXY", f"{ENCODED}@proxy:1080"),
        ("gate", "ALL_PROXY", f"socks://{ENCODED}@proxy:1080"),
        ("gate", "http_proxy", f"http://{ENCODED}@proxy:99999"),
    ],
)
def test_the_start_is_refused_in_one_line(
    mode: str, variable: str, text: str, make_gate: MakeGate, make_guard: MakeGuard
) -> None:
    guard = (make_gate if mode == "gate" else make_guard)("one").start(env={variable: text})
    assert guard.wait() == exit_codes.BAD_SETTINGS
    assert guard.log.startswith(f"pollguard: {variable} must be http://, https://, socks5:// or socks5h://")
    assert guard.log.count("\n") == 1
    assert [secret for secret in (*SECRETS, LOGIN[0]) if secret in guard.log] == []


def test_a_process_keeps_it(make_guard: MakeGuard) -> None:
    """In process mode the bot itself calls Telegram."""
    guard = make_guard("one")
    target = guard.folder.path / "environment"
    script = f"env > {target}.new && mv {target}.new {target} && exit 7"
    guard.start(command=["sh", "-c", script], env={"TELEGRAM_PROXY": f"socks5h://{ENCODED}@proxy:1080"})
    assert guard.wait() == 7
    assert f"TELEGRAM_PROXY=socks5h://{ENCODED}@proxy:1080\n" in target.read_text()
    assert [secret for secret in SECRETS if secret in guard.log] == []
