"""Updates of a scenario's cluster, done under load and judged."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faultlab.engine import Engine
from faultlab.standin import Standin
from lab_client import ROOT, SETTINGS, Lab

from updatelab import cluster, variants
from updatelab.cluster import Containers
from updatelab.events import Recorder, named
from updatelab.judge import Outcome
from updatelab.load import Load, Site
from updatelab.runs import Playbook, Run, variables

# Enough to see a gap, and little enough to leave the machine to Ansible.
PER_SECOND, MESSAGES_PER_SECOND = (20.0, 5.0) if os.environ.get("UPDATES") == "long" else (5.0, 2.5)
SETTLE_S = 120.0
MARGIN_S = 2.0
STAGE_S = 240.0


@dataclass(frozen=True)
class Stage:
    """A moment of an update as the engine sees it, whatever tasks are called."""

    action: str
    name: str

    def __call__(self, event: Mapping[str, Any]) -> bool:
        """Whether this event is it."""
        return str(event["Action"]).startswith(self.action) and self.name in named(event)


# In the order in which they come.
STAGES = {
    "build": Stage("tag", "aisha-"),
    "trial": Stage("start", "-trial"),
    "prepared": Stage("create", "aisha-webhook-api-1-next"),
    "stopped": Stage("die", "aisha-webhook-api-1"),
    "renamed": Stage("rename", "aisha-webhook-api-1"),
    "second_replica": Stage("start", "aisha-webhook-api-2"),
    "pollers": Stage("die", "aisha-bot-polling-"),
    "worker": Stage("die", "aisha-worker-1"),
}


@dataclass
class Result:
    """An update: the run, what the load came to meanwhile, and what ran before and after."""

    run: Run
    outcome: Outcome
    before: Containers
    after: Containers

    def problems(self) -> list[str]:
        """Return what no update may do, whether it went well or not."""
        found = self.outcome.problems()
        left = cluster.unsettled(self.after)
        return found + ([f"left behind: {left}"] if left else [])


@dataclass
class Updates:
    """A scenario's cluster, to be updated."""

    lab: Lab
    server: str
    folder: Path
    runs: int = 0
    engine: Engine = field(init=False)
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        known = self.lab.variables(self.server)
        self.engine = Engine.over_ssh(
            known["lab_address"],
            known["ansible_user"],
            known["ansible_ssh_private_key_file"],
            known["lab_ssh_options"],
        )
        standin = Standin(known["lab_control_url"], known["telegram_api_url"])
        url = f"https://{known['lab_address']}/api/v1/avatar/status_update"
        self.site = Site(url, standin, known["lab_bot"], self.engine)

    def start(self, name: str, values: Mapping[str, object] | None = None, *words: str) -> Playbook:
        """Start one of the collection's playbooks."""
        self.runs += 1
        log = self.folder / f"{self.runs:02}-{Path(name).stem}.log"
        return Playbook(ROOT, self.lab.inventory, name, [*variables(values or {}), *words], SETTINGS, log)

    def run(self, name: str, values: Mapping[str, object] | None = None, *words: str) -> Run:
        """Run one of the collection's playbooks."""
        return self.start(name, values, *words).wait()

    def source(self, variant: str, mark: str) -> dict[str, object]:
        """Return the variables that make a variant what is deployed."""
        return {"images_source": str(variants.make(variant, self.folder / f"{variant}-{mark}", mark))}

    def containers(self) -> Containers:
        """Return what there is of the cluster."""
        return cluster.containers(self.engine)

    def under_load(
        self,
        name: str,
        values: Mapping[str, object] | None = None,
        *,
        per_second: float = PER_SECOND,
        messages_per_second: float = MESSAGES_PER_SECOND,
        least: float = 0.0,
        trouble: AbstractContextManager[None] | None = None,
    ) -> Result:
        """Run a playbook while webhooks and messages come, for `least` seconds, and in a trouble."""
        before = self.containers()
        load = Load(self.site, per_second, messages_per_second)
        try:
            time.sleep(MARGIN_S)
            with trouble or nullcontext():
                run = self.run(name, values)
            time.sleep(max(MARGIN_S, least - (time.monotonic() - load.begun)))
            outcome = load.outcome(settle=SETTLE_S)
        finally:
            load.close()
        return Result(run, outcome, before, self.containers())

    def interrupted(self, stage: str, name: str, values: Mapping[str, object]) -> tuple[Run, Result]:
        """Press Ctrl-C at a stage and run it again at once; returns both runs, judged together."""
        before = self.containers()
        load = Load(self.site, PER_SECOND, MESSAGES_PER_SECOND)
        try:
            time.sleep(MARGIN_S)
            recorder = Recorder(self.engine)
            playbook = self.start(name, values)
            seen = recorder.until(STAGES[stage], STAGE_S)
            playbook.interrupt()
            first = playbook.wait()
            recorder.stop()
            if not seen:
                raise TimeoutError(f"stage {stage} didn't come: {first.said[-3000:]}")
            second = self.run(name, values)
            time.sleep(MARGIN_S)
            outcome = load.outcome(settle=SETTLE_S)
        finally:
            load.close()
        return first, Result(second, outcome, before, self.containers())
