"""The faults: how each is inflicted and healed, and what is promised meanwhile."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from faultlab.pair import Pair, Poller

PROXY = (Path(__file__).parent / "slow_proxy.py").read_text(encoding="utf-8")
CRASH_MARK = "/tmp/crash"  # noqa: S108 - in a container of the test's own
CLOCK = "/tmp/clock"  # noqa: S108 - in a container of the test's own
BLOCK_CHAINS = ("INPUT", "OUTPUT")


@dataclass
class Case:
    """One fault done to one pair: who was active, and what is undone at the end."""

    pair: Pair
    victim: Poller
    undo: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


Action = Callable[[Case], None]


@dataclass(frozen=True)
class Fault:
    """One fault.

    Args:
        name: for people and tests.
        inflict: does it; what must be undone is put on the case's stack, and undone as its healing.
        hold: seconds between the two.
        gap: the longest time without a poll that is promised, in seconds, `hold` included where it counts.
        why: why the active leaves polls behind: "killed" (those in flight then), "frozen" or "cut off" (those
            until it is healed); empty: it leaves none.
        ends_bot: whether the active's bot ends with what it had in memory.
        answers: whether the active's bot can answer meanwhile. Through a frozen guard it can't.
        shared: whether it is done to the Redis that several pairs may share.
        needs_host: whether it is done to the engine, which must be the tests' own.
    """

    name: str
    inflict: Action
    hold: float
    gap: float
    why: str = ""
    ends_bot: bool = True
    answers: bool = True
    shared: bool = False
    needs_host: bool = False


def _docker(case: Case, *arguments: str) -> None:
    case.pair.engine.docker(*arguments)


def _redis(case: Case, *words: str) -> None:
    store = case.pair.store
    _docker(case, "exec", store.container, *store.cli, *words)


def kill_bot(case: Case) -> None:
    """SIGKILL of the bot's process."""
    case.pair.signal_bot(case.victim, "KILL")


def kill_guard(case: Case) -> None:
    """SIGKILL of the guard; Docker's restart policy brings the container back."""
    case.pair.engine.run("kill", "-KILL", case.pair.engine.pid(case.victim.container))


def kill_container(case: Case) -> None:
    """SIGKILL of the container, which stays down."""
    _docker(case, "kill", case.victim.container)
    case.undo.callback(_docker, case, "start", case.victim.container)


def pause(case: Case) -> None:
    """The whole container is frozen."""
    _docker(case, "pause", case.victim.container)
    case.undo.callback(_docker, case, "unpause", case.victim.container)


def stop_guard(case: Case) -> None:
    """SIGSTOP of the guard alone."""
    engine, pid = case.pair.engine, case.pair.engine.pid(case.victim.container)
    engine.run("kill", "-STOP", pid)
    # Gone when the container has been replaced meanwhile.
    case.undo.callback(engine.run, "kill", "-CONT", pid, check=False)


def stop_bot(case: Case) -> None:
    """SIGSTOP of the bot alone."""
    pid = case.pair.status(case.victim)["command_pid"]
    words = ("exec", case.victim.container, "sh", "-c")
    _docker(case, *words, f"kill -STOP {pid}")
    case.undo.callback(case.pair.engine.docker, *words, f"kill -CONT {pid}", check=False)


def _cut_off(case: Case, address: str, port: int) -> None:
    engine, name = case.pair.engine, case.victim.container
    for chain, side in zip(BLOCK_CHAINS, (("-s", "--sport"), ("-d", "--dport")), strict=True):
        rule = (chain, side[0], address, "-p", "tcp", side[1], str(port), "-j", "DROP")
        engine.in_network_of(name, "iptables", "-I", *rule)
        case.undo.callback(engine.in_network_of, name, "iptables", "-D", *rule, check=False)


def cut_off_redis(case: Case) -> None:
    """The active doesn't reach Redis; packets vanish."""
    store = case.pair.store
    _cut_off(case, case.pair.engine.address(store.container), store.port)


def cut_off_telegram(case: Case) -> None:
    """The active doesn't reach Telegram; packets vanish."""
    parts = urllib.parse.urlsplit(case.pair.standin.api_url)
    _cut_off(case, str(parts.hostname), parts.port or 80)


def cut_off_both(case: Case) -> None:
    """The active reaches neither."""
    cut_off_telegram(case)
    cut_off_redis(case)


def restart_redis(case: Case) -> None:
    """Redis is restarted and keeps its data."""
    _docker(case, "restart", "--time", "5", case.pair.store.container)


def stop_redis(case: Case) -> None:
    """Redis is down for a while."""
    _docker(case, "stop", "--time", "5", case.pair.store.container)
    case.undo.callback(_docker, case, "start", case.pair.store.container)


def flush_redis(case: Case) -> None:
    """Redis loses its data."""
    _redis(case, "FLUSHALL")


def empty_redis(case: Case) -> None:
    """Redis is restarted without its data."""
    _redis(case, "FLUSHALL")
    # As from a crash that nothing was written before: no last save, and an append-only file without anything.
    _docker(case, "kill", case.pair.store.container)
    _docker(case, "start", case.pair.store.container)


def slow_redis(case: Case) -> None:
    """Whatever Redis answers comes 2 s late, on old connections, which are broken, and on new ones."""
    engine, store = case.pair.engine, case.pair.store
    ports = (
        "-p",
        "tcp",
        "--dport",
        str(store.port),
        "-j",
        "REDIRECT",
        "--to-ports",
        str(store.port + 10_000),
    )
    enter = ("nsenter", "-t", engine.pid(store.container), "-n")
    proxy = (*enter, "python3", "-c", PROXY, str(store.port), "2.0")
    case.undo.enter_context(engine.background(*proxy))
    engine.run(*enter, "iptables", "-t", "nat", "-I", "PREROUTING", *ports)
    case.undo.callback(engine.run, *enter, "iptables", "-t", "nat", "-D", "PREROUTING", *ports, check=False)
    for kind in ("normal", "pubsub"):
        _redis(case, "CLIENT", "KILL", "TYPE", kind)


def _step_clock(case: Case, seconds: int) -> None:
    words = ("exec", case.pair.store.container, "sh", "-c")
    _docker(case, *words, f"echo {seconds} >{CLOCK}")
    case.undo.callback(_docker, case, *words, f"rm {CLOCK}")


def clock_forward(case: Case) -> None:
    """Redis' clock is stepped forward by an hour, and back."""
    _step_clock(case, 3600)


def clock_back(case: Case) -> None:
    """Redis' clock is stepped back by an hour, and forward."""
    _step_clock(case, -3600)


def hang(case: Case) -> None:
    """A message makes the active's bot block for ever."""
    case.pair.standin.say(case.pair.username, f"/hang {case.victim.instance}")


def crash_loop(case: Case) -> None:
    """The active's bot dies, and dies again soon after each start."""
    words = ("exec", case.victim.container)
    _docker(case, *words, "touch", CRASH_MARK)
    # In whatever state the container is, and as it has no other shell while it restarts.
    remove = f"until docker exec {case.victim.container} rm -f {CRASH_MARK}; do sleep 0.1; done"
    case.undo.callback(case.pair.engine.run, "timeout", "60", "sh", "-c", remove)
    case.pair.signal_bot(case.victim, "KILL")


def crash_message(case: Case) -> None:
    """A message makes the active's bot exit."""
    case.pair.standin.say(case.pair.username, f"/crash {case.victim.instance}")


def restart_both(case: Case) -> None:
    """Both containers are restarted at once."""
    _docker(case, "restart", *(poller.container for poller in case.pair.pollers))


def restart_engine(case: Case) -> None:
    """The engine is restarted, and all containers with it."""
    case.pair.engine.run("systemctl", "restart", "docker", timeout=180)


def hand_over(case: Case) -> None:
    """The active hands over in order: no fault at all."""
    case.pair.hand_over(case.victim)


def faults(ttl: float = 3.0, deaf_after: float = 60.0, restart: float = 20.0) -> dict[str, Fault]:
    """Return all faults by name.

    Args:
        ttl: time to live of the lease, in seconds.
        deaf_after: seconds after which a guard ends a bot that doesn't poll.
        restart: seconds that two containers take to stop and to poll again.
    """
    lost, frozen = ttl + 0.5, 2 * ttl + 2.0
    table = (
        Fault("hand_over", hand_over, 0, 0.5, ends_bot=False),
        Fault("kill_bot", kill_bot, 0, 0.5),
        Fault("kill_guard", kill_guard, 0, lost, "killed"),
        Fault("kill_container", kill_container, ttl + 2, lost, "killed"),
        Fault("pause", pause, frozen, lost, "frozen", ends_bot=False),
        Fault("stop_guard", stop_guard, frozen, lost, "frozen", ends_bot=False, answers=False),
        Fault("stop_bot", stop_bot, deaf_after + 6, deaf_after + 6),
        Fault("cut_off_redis", cut_off_redis, frozen, lost, "cut off", ends_bot=False),
        Fault("cut_off_telegram", cut_off_telegram, 20, 18, "cut off", answers=False),
        Fault("cut_off_both", cut_off_both, frozen, lost, "cut off", answers=False),
        Fault("restart_redis", restart_redis, 0, ttl + 5, ends_bot=False, shared=True),
        Fault("stop_redis", stop_redis, 6, 6 + 2.5, ends_bot=False, shared=True),
        Fault("flush_redis", flush_redis, 0, ttl + 1, ends_bot=False, shared=True),
        Fault("empty_redis", empty_redis, 0, ttl + 5, ends_bot=False, shared=True),
        Fault("slow_redis", slow_redis, 12, 12 + ttl + 1, ends_bot=False, shared=True),
        Fault("clock_forward", clock_forward, 2 * ttl, ttl + 1, ends_bot=False, shared=True),
        Fault("clock_back", clock_back, 2 * ttl, ttl + 1, ends_bot=False, shared=True),
        Fault("hang", hang, deaf_after + 6, deaf_after + 6),
        Fault("crash_message", crash_message, 0, 0.5),
        Fault("crash_loop", crash_loop, 10, 0.5),
        Fault("restart_both", restart_both, 0, restart),
        Fault("restart_engine", restart_engine, 0, 90, shared=True, needs_host=True),
    )
    return {fault.name: fault for fault in table}
