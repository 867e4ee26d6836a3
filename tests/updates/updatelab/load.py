"""A constant load on a cluster: webhooks from a process of its own, messages from the stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from faultlab import record
from faultlab.engine import Engine
from faultlab.standin import Standin

from updatelab import judge
from updatelab.judge import Job, Outcome
from updatelab.sender import Sent, Settings

TESTS = Path(__file__).resolve().parents[2]
MESSAGES_PER_SECOND = 20.0
# From when the load ended until all of it must have been answered and done.
SETTLE_S = 120.0
# From when a cluster was started until it must serve.
READY_S = 120.0
# Where a webhook's result is kept; in the database's own container no password is needed.
QUERY = (
    "SELECT substr(key, 5), state, attempts FROM jobs WHERE key LIKE 'fal:{run}-%' AND kind = 'fal_result'"
)


class LoadError(Exception):
    """The load itself failed, so that nothing can be said."""


@dataclass(frozen=True)
class Site:
    """Where the load goes, and where what became of it is seen.

    Args:
        url: the webhook, from this machine.
        standin: plays Telegram and fal.ai.
        username: the bot's.
        engine: of the host with the database.
        database: the database's container.
    """

    url: str
    standin: Standin
    username: str
    engine: Engine
    database: str = "aisha-postgresql"

    def wait_until_good(self) -> None:
        """Wait until a webhook is taken and a message answered; raises LoadError when that takes too long."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            cursor = self.standin.answers_cursor()
            self.standin.say(self.username, "/help")
            body = {"url": self.url, "verify_tls": False}
            delivered = self.standin.call("POST", "/control/fal/deliver", body)
            time.sleep(2)
            if delivered["status_code"] == judge.ACCEPTED and self.standin.answers(self.username, cursor):
                return
        raise LoadError(f"no cluster at {self.url} within {READY_S:.0f} s")

    def jobs(self, run: str) -> list[Job]:
        """Return the jobs of a run's webhooks."""
        psql = (
            "psql",
            "--username",
            "aisha",
            "--no-align",
            "--tuples-only",
            "--command",
            QUERY.format(run=run),
        )
        lines = self.engine.docker("exec", self.database, *psql, "aisha").splitlines()
        found = (line.split("|") for line in lines if line)
        return [Job(request_id, state, int(attempts)) for request_id, state, attempts in found]


@dataclass
class Load:
    """Begins when it is made; `stop` ends it, `outcome` says what came of it, or of a part."""

    site: Site
    per_second: float = 100.0
    messages_per_second: float = MESSAGES_PER_SECOND
    keep_alive: bool = False
    run: str = field(default_factory=lambda: f"u{uuid.uuid4().hex[:10]}")
    begun: float = 0.0
    ended: float = 0.0
    sent: list[Sent] = field(default_factory=list)
    _cpu_share: float = 0.0
    _late: float = 0.0

    def __post_init__(self) -> None:
        standin = self.site.standin
        self._log, self._answers = standin.log_cursor(), standin.answers_cursor()
        self._settings = Settings(
            self.site.url, standin.control_url, self.run, self.per_second, keep_alive=self.keep_alive
        )
        path = os.pathsep.join(str(TESTS / name) for name in ("updates", "faults"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "updatelab.sender"],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for what is tested.
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(self._settings)) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "sending":
            raise LoadError(f"the sender ended with {self._process.wait()}")
        body = {"username": self.site.username, "text": self.run, "per_second": self.messages_per_second}
        standin.call("POST", "/control/load", body)
        self.begun = time.monotonic()

    def stop(self) -> None:
        """End it; harmless when repeated."""
        if self.ended:
            return
        self.ended = time.monotonic()
        self.site.standin.call("DELETE", "/control/load", username=self.site.username)
        said = self._process.communicate(timeout=self._settings.timeout + 30)[0]
        if self._process.returncode:
            raise LoadError(f"the sender ended with {self._process.returncode}")
        found = json.loads(said)
        self.sent = [Sent(**one) for one in found["sent"]]
        self._cpu_share, self._late = found["cpu_share"], found["late"]

    def close(self) -> None:
        """End the process, whatever happened."""
        self._process.kill()
        self._process.wait()

    def outcome(
        self, begun: float | None = None, ended: float | None = None, settle: float = SETTLE_S
    ) -> Outcome:
        """Judge what was sent between two moments, once all of it is answered and done, or isn't in time."""
        self.stop()
        begun, ended = begun or self.begun, ended or self.ended
        deadline = time.monotonic() + settle
        while True:
            found = self._judged(begun, ended)
            if not (found.messages_lost or found.jobs_lost) or time.monotonic() > deadline:
                return found
            time.sleep(1)

    def poll_gap(self, begun: float, ended: float) -> float:
        """Return the longest time without a poll between two moments, in seconds."""
        return record.judge(self._polls(), [], begun, ended).gap

    def _polls(self) -> list[record.Poll]:
        return record.polls(self.site.standin.polls(self.site.username, self._log))

    def _judged(self, begun: float, ended: float) -> Outcome:
        site, run = self.site, self.run
        sent = judge.between(self.sent, begun, ended)
        said = [one for one in site.standin.said(site.username) if begun <= one["at"] < ended]
        answers = site.standin.answers(site.username, self._answers)
        lost, twice = judge.messages(said, answers)
        accepted = [f"{run}-{one.number}" for one in sent if one.status == judge.ACCEPTED]
        to_tell = [f"{run}-{one.number}" for one in sent if one.number % self._settings.told_every == 0]
        rows = site.jobs(run)
        jobs_lost, begun_twice, told_twice = judge.jobs(accepted, rows, judge.told(answers, run), to_tell)
        verdict = record.judge(self._polls(), [], begun, ended)
        return Outcome(
            webhooks_sent=len(sent),
            webhooks_failed=len(judge.failed(sent)),
            first_errors=judge.first_errors(sent),
            latency_p50_s=judge.latency(sent, 0.5),
            latency_p99_s=judge.latency(sent, 0.99),
            messages_said=len(said),
            messages_lost=lost,
            messages_twice=twice,
            jobs=len(accepted),
            jobs_lost=jobs_lost,
            jobs_begun_twice=begun_twice,
            jobs_told_twice=told_twice,
            overlaps=len(verdict.overlaps),
            poll_gap_s=round(verdict.gap, 4),
            sender_cpu_share=self._cpu_share,
            sender_late_s=self._late,
        )
