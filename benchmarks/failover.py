"""Measure hand-over and failover of pairs of pollers in five frameworks, beside what people do without.

Prints a table and writes benchmarks/results/failover.json, a list of rows {what, subject, value, unit, n}.
Run it by `make bench-failover`; it takes some 15 minutes on the machine's own Docker Engine. Subjects are the
frameworks; `by_hand` is stop, start and sleep on two bots, one of which waits 10 s before it polls too;
`docker_restart` is a single bot that is restarted.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from rows import Row, write

ROOT = Path(__file__).resolve().parent.parent
# What is imported next is found there.
sys.path.insert(0, str(ROOT / "tests" / "faults"))

from faultlab import record  # noqa: E402
from faultlab.faults import faults  # noqa: E402
from faultlab.local import FRAMEWORKS, Place, place  # noqa: E402
from faultlab.pair import Pair, Poller  # noqa: E402
from faultlab.trial import ANSWERED_S, PER_SECOND, run  # noqa: E402

HANDOVERS = 50
KILLS = 3
LOSSES = 3
FROZEN_S = 20.0
CALLS = 300
RESTARTS = 10
BY_HAND = 2
# Between hand-overs: the load goes on through all of them.
BETWEEN_S = 0.5
# Run in a poller's container: the same calls by the gate and past it, in turns, on connections kept open.
LATENCY = """
import http.client, json, os, sys, time, urllib.parse
direct = urllib.parse.urlsplit(os.environ["TELEGRAM_API_URL"]).netloc
ways = {"gate": http.client.HTTPConnection("127.0.0.1:8081"), "direct": http.client.HTTPConnection(direct)}
token, took = os.environ["TELEGRAM_BOT_TOKEN"], {"gate": [], "direct": []}
calls = (("getMe", {}), ("sendMessage", {"chat_id": 7, "text": "how long does it take"}))
for number in range(int(sys.argv[1])):
    for method, body in calls:
        for way, connection in ways.items():
            begun = time.perf_counter()
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/bot{token}/{method}", json.dumps(body), headers)
            answer = json.load(connection.getresponse())
            took[way].append(time.perf_counter() - begun)
            assert answer["ok"], answer
print(json.dumps(took))
"""


def say(text: str) -> None:
    """Tell about progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def quantile(values: list[float], part: float) -> float:
    """Return the nearest-rank quantile."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def messages(subject: str, account: record.Account, overlaps: int, runs: int) -> list[Row]:
    """Return the rows of what became of messages and polls in so many runs."""
    return [
        Row("lost", subject, len(account.lost), "messages", runs),
        Row("answered_twice", subject, len(account.twice), "messages", runs),
        Row("overlaps", subject, overlaps, "polls", runs),
        Row("messages", subject, account.said, "messages", runs),
    ]


def gaps(subject: str, found: list[float], what: str = "handover_gap") -> list[Row]:
    """Return the rows of the times without a poll at hand-overs."""
    return [
        Row(f"{what}_median_s", subject, round(statistics.median(found), 4), "s", len(found)),
        Row(f"{what}_p99_s", subject, round(quantile(found, 0.99), 4), "s", len(found)),
    ]


def to_and_fro(pair: Pair) -> list[tuple[float, Poller]]:
    """Hand over to and fro; returns when each hand-over was ordered, and of whom."""
    active = pair.wait_until_ready()
    orders = []
    for _ in range(HANDOVERS):
        orders.append((time.monotonic(), active))
        pair.hand_over(active)
        active = pair.other(active)
        time.sleep(BETWEEN_S)
    return orders


def gaps_of(polls: list[record.Poll], orders: list[tuple[float, Poller]]) -> list[float]:
    """Return the time without a poll of each hand-over; infinite where nobody took over."""
    found = [record.handover_gap(polls, at, former.instance) for at, former in orders]
    return [math.inf if gap is None else gap for gap in found]


def idle_hand_overs(pair: Pair) -> list[Row]:
    """Hand over to and fro while nobody writes: a framework that handles before it polls again, polls."""
    pair.wait_until_ready()
    log = pair.standin.log_cursor()
    orders = to_and_fro(pair)
    return gaps(pair.framework, gaps_of(record.polls(pair.standin.polls(pair.username, log)), orders))


def hand_overs(pair: Pair) -> list[Row]:
    """Hand over to and fro under load."""
    pair.wait_until_ready()
    log, answers = pair.standin.log_cursor(), pair.standin.answers_cursor()
    with pair.standin.load(pair.username, "hand-over", PER_SECOND):
        time.sleep(2)
        begun = time.monotonic()
        orders = to_and_fro(pair)
    pair.standin.wait_until_answered(pair.username, answers, ANSWERED_S, "hand-over")
    polls = record.polls(pair.standin.polls(pair.username, log))
    ended = time.monotonic()
    account = record.account(pair.standin.said(pair.username), pair.standin.answers(pair.username, answers))
    overlaps = len(record.judge(polls, [], begun, ended).overlaps)
    found = gaps(pair.framework, gaps_of(polls, orders), "handover_gap_loaded")
    return found + messages(pair.framework, account, overlaps, HANDOVERS)


def latency(pair: Pair) -> list[Row]:
    """Compare calls through the gate with calls past it, from the same container."""
    active = pair.wait_until_ready()
    said = pair.engine.docker("exec", active.container, "python3", "-c", LATENCY, str(CALLS))
    took = {way: [1000 * seconds for seconds in found] for way, found in json.loads(said).items()}
    count = len(took["gate"])
    median = statistics.median(took["gate"]) - statistics.median(took["direct"])
    late = quantile(took["gate"], 0.99) - quantile(took["direct"], 0.99)
    return [
        Row("gate_latency_median_ms", pair.framework, round(median, 2), "ms", count),
        Row("gate_latency_p99_ms", pair.framework, round(late, 2), "ms", count),
    ]


def memory(pair: Pair) -> list[Row]:
    """Return what a guard and its keeper occupy: proportional set size, of the larger of the two guards."""
    sizes = []
    for poller in pair.pollers:
        processes = pair.engine.docker("top", poller.container, "-eo", "pid,args").splitlines()[1:]
        own = [line.split()[0] for line in processes if "/pollguard/app" in line]
        rollups = "".join(pair.engine.run("cat", f"/proc/{pid}/smaps_rollup") + "\n" for pid in own)
        kibibytes = [int(line.split()[1]) for line in rollups.splitlines() if line.startswith("Pss:")]
        sizes.append(sum(kibibytes) * 1.024e-3)
    return [Row("guard_memory_mb", pair.framework, round(max(sizes), 1), "MB", len(sizes))]


def failures(pair: Pair) -> list[Row]:
    """Kill the bot's process, kill the container, freeze the active."""
    table = faults()
    killed = [run(pair, table["kill_bot"]) for _ in range(KILLS)]
    lost = [run(pair, table["kill_container"]) for _ in range(LOSSES)]
    frozen = run(pair, replace(table["pause"], hold=FROZEN_S))
    for outcome in (*killed, *lost, frozen):
        say(f"{outcome.as_row()}")
    overlaps = sum(len(outcome.overlaps) for outcome in (*killed, *lost, frozen))
    name = pair.framework
    return [
        Row("process_kill_gap_s", name, round(max(one.gap for one in killed), 3), "s", KILLS),
        Row("process_kill_lost", name, sum(len(one.account.lost) for one in killed), "messages", KILLS),
        Row("container_loss_gap_s", name, round(max(one.gap for one in lost), 3), "s", LOSSES),
        Row("container_loss_lost", name, sum(len(one.account.lost) for one in lost), "messages", LOSSES),
        Row("frozen_delivered", name, len(frozen.delivered_late), "updates"),
        Row("failure_overlaps", name, overlaps, "polls", KILLS + LOSSES + 1),
    ]


def peer(here: Place, subject: str, containers: list[str], act: Callable[[], None], runs: int) -> list[Row]:
    """Do something to unguarded bots of one token under load, some times over."""
    username = f"{subject}_bot"
    names = {here.engine.address(container): container for container in containers}
    log, answers = here.standin.log_cursor(), here.standin.answers_cursor()
    found: list[float] = []
    with here.standin.load(username, subject, PER_SECOND):
        time.sleep(2)
        for _ in range(runs):
            begun = time.monotonic()
            act()
            ended = time.monotonic()
            polls = record.polls(here.standin.polls(username, log), names)
            found.append(record.longest_gap(polls, begun, ended)[0])
    here.standin.wait_until_answered(username, answers, ANSWERED_S, subject)
    polls = record.polls(here.standin.polls(username, log), names)
    account = record.account(here.standin.said(username), here.standin.answers(username, answers))
    return gaps(subject, found) + messages(subject, account, len(record.overlaps(polls)), runs)


def wait_for_poll(here: Place, username: str, since: float) -> None:
    """Wait until somebody polls for a bot who began after a moment."""
    while not any(one["started"] > since for one in here.standin.polls(username, 0)):
        time.sleep(0.1)


def docker_restart(here: Place) -> list[Row]:
    """`docker restart` of a single bot."""
    bot = here.single("aiogram", "docker_restart")
    wait_for_poll(here, "docker_restart_bot", 0)

    def act() -> None:
        here.engine.docker("restart", bot)
        wait_for_poll(here, "docker_restart_bot", time.monotonic())
        time.sleep(1)

    return peer(here, "docker_restart", [bot], act, RESTARTS)


def by_hand(here: Place) -> list[Row]:
    """Stop and start the second bot, which waits 10 s before it polls; sleep; stop and start the first."""
    token = here.token("by_hand_bot")
    environment = {"TELEGRAM_BOT_TOKEN": token, "TELEGRAM_API_URL": here.standin.api_url}
    image = ("--entrypoint", "sh", "aisha-lab/bots", "-c")
    first = here.run("by-hand-1", *image, "exec /bots/bot aiogram", secret=environment)
    second = here.run("by-hand-2", *image, "sleep 10; exec /bots/bot aiogram", secret=environment)
    wait_for_poll(here, "by_hand_bot", 0)

    def act() -> None:
        for container, pause in ((second, 30), (first, 5)):
            here.engine.docker("stop", container)
            here.engine.docker("start", container)
            time.sleep(pause)

    return peer(here, "by_hand", [first, second], act, BY_HAND)


def guarded(here: Place) -> list[Row]:
    """Measure the pairs: hand-overs of one after the other, failures of two at a time."""
    rows: list[Row] = []
    pairs = []
    for framework in FRAMEWORKS:
        say(f"{framework}: {HANDOVERS} hand-overs")
        pair = here.pair(framework)
        rows += idle_hand_overs(pair) + hand_overs(pair) + latency(pair) + memory(pair)
        here.engine.docker("stop", "-t", "5", *(one.container for one in pair.pollers))
        pairs.append(pair)
    lock = threading.Lock()

    def fail(pair: Pair) -> None:
        say(f"{pair.framework}: failures")
        names = [one.container for one in pair.pollers]
        here.engine.docker("start", *names)
        found = failures(pair)
        here.engine.docker("stop", "-t", "5", *names)
        with lock:
            rows.extend(found)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fail, pairs))
    return rows


def main() -> None:
    """Measure, show, write."""
    begun = time.monotonic()
    with place() as here:
        rows = guarded(here)
        say("by hand, docker restart")
        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(lambda measure: measure(here), (by_hand, docker_restart)):
                rows += found
    rows.append(Row("benchmark_s", "all", round(time.monotonic() - begun), "s"))
    write("failover", rows)
    for row in sorted(rows, key=lambda row: row.what):
        print(f"{row.what:24} {row.subject:16} {row.value:>10} {row.unit:9} {row.n}")


if __name__ == "__main__":
    main()
