"""Measure an update under constant load, beside what people update with who have no collection for it.

Prints a table and writes benchmarks/results/update.json, a list of rows {what, subject, value, unit, n}.
Run it by `make bench-update`; it takes some 20 minutes on the target host of the scenario default.
Subjects, one after the other on the same host, with the same services, application, limits and load:

- `ours` is rolling_update.yml, and `ours_at_half_load` the same with half the load, which leaves the machine
  some room;
- `compose` is docker-compose as the hand-run deployment uses it;
- `plain_ansible` is a playbook with a loop over the containers;
- `swarm` is `docker service update`, the new replica started first (the bot: the old one stopped first), on
  one node, behind an nginx on the host's port: the routing mesh isn't to be had everywhere.

Each builds and pushes its images within its time. A webhook has failed when it isn't answered with 200
within 15 s; `floor_s` is what instances took by themselves to become healthy and to stop, which no order of
steps saves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rows import Row, write

ROOT = Path(__file__).resolve().parent.parent
# What is imported next is found there.
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("lab", "faults", "updates")]

from faultlab.engine import Engine  # noqa: E402
from faultlab.standin import Standin  # noqa: E402
from lab_client import SETTINGS, Lab  # noqa: E402
from updatelab import judge, variants  # noqa: E402
from updatelab.events import Recorder  # noqa: E402
from updatelab.hand_run import Host, Peer, prepare  # noqa: E402
from updatelab.load import Load, Site  # noqa: E402

SCENARIO = "default"
SERVER = "aisha-one"
PEERS = ("compose", "plain_ansible", "swarm")
OURS = {"ours": 1.0, "ours_at_half_load": 0.5}
SUBJECTS = (*OURS, *PEERS)
PER_SECOND = 100.0
MESSAGES_PER_SECOND = 20.0
# Before an update, for what latency is like without; and after it, for what it leaves behind.
BEFORE_S = 20.0
AFTER_S = 5.0
LEAST = 10_000
# From when the load ended: workers are given a part of the machine, and less than the load asks for.
SETTLE_S = 600.0
RESULTS = Path(__file__).resolve().parent / "results" / "update.json"


def say(text: str) -> None:
    """Tell about progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def measure(
    subject: str, site: Site, update: Callable[[], None], options: argparse.Namespace, part: float = 1.0
) -> list[Row]:
    """Update under load, or a part of it."""
    site.wait_until_good()
    say(f"{subject}: load")
    per_second = options.per_second * part
    load = Load(site, per_second, MESSAGES_PER_SECOND * part, keep_alive=options.keep_alive)
    try:
        time.sleep(BEFORE_S)
        recorder = Recorder(site.engine)
        begun = time.monotonic()
        say(f"{subject}: update")
        update()
        ended = time.monotonic()
        floor = recorder.stop()
        time.sleep(max(AFTER_S, options.least / per_second - (ended - load.begun)))
        load.stop()
        say(f"{subject}: updated in {ended - begun:.1f} s, {len(load.sent)} webhooks")
        found = load.outcome(settle=SETTLE_S)
    finally:
        load.close()
    say(f"{subject}: {json.dumps(asdict(found))[:2000]}")
    early = judge.between(load.sent, load.begun, begun)
    before = judge.latency(early, 0.99)
    during = judge.latency(judge.between(load.sent, begun, ended), 0.99)
    return [
        Row("webhooks_sent", subject, found.webhooks_sent, "webhooks"),
        Row("webhooks_failed", subject, found.webhooks_failed, "webhooks"),
        # More than none would be the load's fault, and not the update's.
        Row("webhooks_failed_before", subject, len(judge.failed(early)), "webhooks"),
        Row("latency_p99_before_s", subject, round(before, 4), "s"),
        Row("latency_p99_during_s", subject, round(during, 4), "s"),
        Row("latency_p99_ratio", subject, round(during / before, 2), "ratio"),
        # Of a machine that is short of time: a bot that is at work doesn't poll.
        Row("poll_gap_before_s", subject, round(load.poll_gap(load.begun, begun), 3), "s"),
        Row("poll_gap_s", subject, round(found.poll_gap_s, 3), "s"),
        Row("messages", subject, found.messages_said, "messages"),
        Row("lost", subject, len(found.messages_lost), "messages"),
        Row("answered_twice", subject, len(found.messages_twice), "messages"),
        Row("jobs_lost", subject, len(found.jobs_lost), "jobs"),
        Row("jobs_begun_twice", subject, len(found.jobs_begun_twice), "jobs"),
        Row("overlaps", subject, found.overlaps, "polls"),
        Row("wall_s", subject, round(ended - begun, 1), "s"),
        Row("floor_s", subject, round(floor.seconds, 1), "s"),
        Row("sender_late_s", subject, found.sender_late_s, "s"),
    ]


def molecule(action: str) -> None:
    """Create or destroy the lab."""
    command = ("molecule", action, "--scenario-name", SCENARIO)
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: S603 - the words above


def playbook(lab: Lab, name: str, source: Path) -> None:
    """Deploy an application by one of the collection's playbooks. Raises RuntimeError when it fails."""
    # What people update with otherwise has no monitoring beside it.
    done = lab.playbook(name, "-e", f"images_source={source}", "-e", '{"monitoring_enabled": false}')
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stdout[-3000:]}{done.stderr[-2000:]}")


def ours(subject: str, lab: Lab, site: Site, folder: Path, options: argparse.Namespace) -> list[Row]:
    """The collection's own update."""
    application = variants.make("good", folder / subject, subject)
    return measure(
        subject,
        site,
        lambda: playbook(lab, "rolling_update.yml", application),
        options,
        OURS[subject],
    )


def peer(one: Peer, site: Site, folder: Path, options: argparse.Namespace) -> list[Row]:
    """What somebody else does."""
    first, second = (variants.make("good", folder / f"{one.name}-{n}", f"{one.name} {n}") for n in (1, 2))
    say(f"{one.name}: deploy")
    try:
        one.deploy(first)
        return measure(one.name, site, lambda: one.update(second), options)
    finally:
        one.remove()


def kept(measured: list[Row]) -> list[Row]:
    """Return what was measured, with the rows of former runs for the subjects that weren't."""
    subjects = {row.subject for row in measured}
    former = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    return [Row(**row) for row in former if row["subject"] not in subjects] + measured


def run(options: argparse.Namespace) -> list[Row]:
    """Measure the subjects that are wanted, in a lab of the scenario's."""
    molecule("create")
    lab = Lab(ROOT / "molecule" / SCENARIO / "inventory")
    known = lab.variables(SERVER)
    engine = Engine.over_ssh(
        known["lab_address"],
        known["ansible_user"],
        known["ansible_ssh_private_key_file"],
        known["lab_ssh_options"],
    )
    standin = Standin(known["lab_control_url"], known["telegram_api_url"])
    url = f"https://{known['lab_address']}/api/v1/avatar/status_update"
    site = Site(url, standin, known["lab_bot"], engine)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("deploy")
        playbook(lab, "site.yml", variants.make("good", folder / "site", "1"))
        for subject in [one for one in OURS if one in options.subject]:
            rows += ours(subject, lab, site, folder, options)
        wanted = [one for one in PEERS if one in options.subject]
        if wanted:
            prepare(engine)
        host = Host(engine, lab.inventory, int(known["bot_cluster_worker_concurrency"]), SETTINGS)
        for one in wanted:
            rows += peer(getattr(host, one)(), site, folder, options)
    return rows


def main() -> None:
    """Measure, show, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subject", action="append", choices=SUBJECTS, help="all without any")
    parser.add_argument("--per-second", type=float, default=PER_SECOND, help="webhooks (%(default)s)")
    parser.add_argument("--least", type=int, default=LEAST, help="webhooks, at least (%(default)s)")
    parser.add_argument("--keep-alive", action="store_true", help="keep connections")
    parser.add_argument("--keep", action="store_true", help="the lab, for another run")
    parser.add_argument("--dry", action="store_true", help="write no results")
    options = parser.parse_args()
    options.subject = options.subject or list(SUBJECTS)
    os.environ.pop("TELEGRAM_BOT_TOKEN", None)
    begun = time.monotonic()
    try:
        rows = run(options)
    finally:
        if not options.keep:
            molecule("destroy")
    say(f"took {time.monotonic() - begun:.0f} s")
    if not options.dry:
        write("update", kept(rows))
    for row in sorted(rows, key=lambda row: row.what):
        print(f"{row.what:24} {row.subject:16} {row.value:>10} {row.unit:9} {row.n}")


if __name__ == "__main__":
    main()
