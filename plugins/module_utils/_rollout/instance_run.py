# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out what is planned for one instance's place, and puts back what fails.

Private to this collection.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._instances.slots import NEXT, PREVIOUS, slot_of
from .containers import words_of
from .drain import warm
from .errors import NotAsExpected, Refusal, StepFailed
from .instance_plan import InstancePlan, plan, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from .instance_host import InstanceHost
    from .instance_plan import Act, Place, Wishes


@dataclass
class Times:
    """Seconds of what was done; None is what wasn't. Documented as RV(steps) of instance_replacement."""

    drain_s: float | None = None
    drained: bool | None = None
    connections_left: int | None = None
    stop_s: float | None = None
    healthy_s: float | None = None
    warm_s: float | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return {
            key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()
        }


class Replacement:
    """One run for one place. What it has done is kept in `done` and `times`, also when it fails."""

    def __init__(self, host: InstanceHost, state: str, wishes: Wishes) -> None:
        self.planned = InstancePlan()
        self.done: list[Act] = []
        self.times = Times()
        self.places: list[Place] = []
        # Left alone, since nothing is in their place.
        self.alone: list[str] = []
        self._host = host
        self._state = state
        self._wishes = wishes
        self._left = False

    def plan(self, name: str | None) -> InstancePlan:
        """Look, and return what is to be done; raises Refusal. Without a name: at what there is to settle."""
        if name is None or self._state == "settled":
            return self._plan_to_settle(name)
        place = self._host.place(name)
        self.places = [place]
        self.planned = plan(self._state, place, self._wishes)
        # Whether what was in the place has left it, in a run before; with nothing prepared it surely has.
        self._left = place.current is None or place.following is None
        if any(act.action == "drain" for act in self.planned.acts):
            self._host.look_at_connections(name)
        return self.planned

    def apply(self, name: str | None) -> None:
        """Carry the plan out; raises Refusal, or StepFailed."""
        began = time.monotonic()
        self.plan(name)
        deeds: dict[str, Callable[[str], None]] = {
            "start": self._start,
            "drain": self._drain,
            "stop": self._stop,
            "keep": self._keep,
            "remove": self._remove,
            "retire": self._host.retire,
            "enter": self._enter,
            "wait": self._wait,
            "warm": self._warm,
        }
        try:
            for act in self.planned.acts:
                try:
                    deeds[act.action](act.container)
                except (NotAsExpected, EngineError) as error:
                    raise self._failed(act, words_of(error)) from None
                self.done.append(act)
        finally:
            self.times.seconds = time.monotonic() - began

    def difference(self) -> dict[str, dict[str, Any]]:
        """What diff mode shows: the containers that are different afterwards."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for place in self.places if self.planned.changes else ():
            for name in (act.container for act in self.planned.acts if self._state == "settled"):
                box = place.box(name)
                if box is not None:
                    before[name] = {"image": box.digest, "state": box.state}
            if self._state != "settled":
                state = place.current.state if place.current else "absent"
                before[place.name] = {"image": self.planned.from_digest, "state": state}
                after[place.name] = {"image": self.planned.to_digest, "state": self._state}
        return {"before": before, "after": after}

    def _plan_to_settle(self, name: str | None) -> InstancePlan:
        self.places = self._host.places() if name is None else [self._host.place(name, settling=True)]
        acts, self.alone = settled(self.places)
        if name is not None and self.alone:
            expected = "a container in its place before what is kept of it is removed"
            raise Refusal(name, expected, f"none, only {' and '.join(self.alone)}")
        self.planned = InstancePlan(acts)
        return self.planned

    def _start(self, name: str) -> None:
        took = self._host.start(name)
        self.times.healthy_s = (self.times.healthy_s or 0.0) + took

    def _wait(self, name: str) -> None:
        began = time.monotonic()
        self._host.wait(name, started=False)
        self.times.healthy_s = time.monotonic() - began

    def _drain(self, name: str) -> None:
        began = time.monotonic()
        self.times.connections_left = self._host.drain(name)
        self.times.drained = self.times.connections_left == 0
        self.times.drain_s = time.monotonic() - began

    def _stop(self, name: str) -> None:
        self.times.stop_s = (self.times.stop_s or 0.0) + self._host.stop(name)

    def _keep(self, name: str) -> None:
        self._host.engine.rename(name, name + PREVIOUS)
        self._left = True

    def _remove(self, name: str) -> None:
        self._host.remove(name)
        self._left = True

    def _enter(self, name: str) -> None:
        self._host.engine.rename(name, slot_of(name))

    def _warm(self, _name: str) -> None:
        began = time.monotonic()
        try:
            warm(self._host.warm_url)
        finally:
            self.times.warm_s = time.monotonic() - began

    def _failed(self, act: Act, found: str) -> StepFailed:
        limit = self._host.health_timeout
        expected = {
            "start": f"it to be healthy within {limit:g} s",
            "wait": f"it to be healthy within {limit:g} s",
            "warm": "an answer below status 500 at warm_url within 10 s",
            "drain": "it to tell its connections",
            "stop": "it to be stopped",
            "remove": "it to be removed",
            "retire": "it to be kept under another name",
        }.get(act.action, "it to get its new name")
        if act.action in ("start", "warm") and self.planned.from_digest != self.planned.to_digest:
            expected += f" with {self.planned.to_digest}"
        found = str(self._host.mask(found))
        log = self._host.last_lines(act.container)
        outcome, restored = self._undo(act)
        return StepFailed(act.container, expected, found, log=log, outcome=outcome, restored=restored)

    def _undo(self, act: Act) -> tuple[str, bool | None]:
        """Put back what was in the place; returns what came of it, and whether it is good."""
        name = slot_of(act.container)
        try:
            if self._state in ("replaced", "set_aside"):
                return self._back_to_previous(name)
            if self._state == "returned" and act.container == name + PREVIOUS:
                # It was only tried beside what is in the place.
                self._host.stop_if_running(name + PREVIOUS)
            if self._state == "returned" and self._host.runs(name):
                return "What was in its place runs there; it was not returned.", False
            return "It is left as it is.", False if self._state == "returned" else None
        except NotAsExpected as error:
            return f"The previous container is back, but not healthy: {self._host.mask(str(error))}.", False
        except EngineError as error:
            return f"The previous container could not be put back: {self._host.mask(str(error))}", False

    def _back_to_previous(self, name: str) -> tuple[str, bool | None]:
        host = self._host
        if not self._left:
            # Beside it, the next one was tried; without an overlap it wasn't started, and stays prepared.
            if host.runs(name + NEXT):
                host.remove(name + NEXT)
            touched = not host.runs(name)
            host.start(name)
            return ("It runs again." if touched else "What is in its place was not touched."), True
        if not host.exists(name + PREVIOUS):
            return "It is left as it is; there is no previous container.", None
        if self._wishes.overlap and host.exists(name):
            host.start(name + PREVIOUS)
        host.make_room(name)
        host.start(name)
        if host.runs(name + NEXT):
            host.remove(name + NEXT)
        return "The previous container is back and healthy.", True
