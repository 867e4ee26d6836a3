# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the plan for one host's pollers, and puts back what fails.

Private to this collection. A container is never removed before the one that takes its place is good: it is
renamed, and what is found under such a name by the next run tells that run how far this one got. Where an
older one is kept already, that is the one which comes back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._core.docker import EngineError
from .._instances.slots import NEXT, PREVIOUS
from .containers import PAUSE, words_of
from .errors import NotAsExpected, Refusal, StepFailed
from .poller_host import what_is_wrong
from .poller_plan import Plan, holder_of, plan, recovered, recovery, standbys_elsewhere
from .poller_steps import LISTEN, Done, hears, silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._pollers.model import Poller
    from .poller_host import Host
    from .poller_plan import Mode, Step

# Seconds in which the lease may be on its way from one poller to another.
_SETTLE = 10.0
_LEFT = "It is left as it is, and the pollers that were to come after it were not touched."


class Restart:
    """One run on one host. What it has done is kept in `steps`, also when it fails."""

    def __init__(self, host: Host, mode: Mode) -> None:
        self.steps: list[Done] = []
        self.planned = Plan()
        self.states: dict[str, str] = {}
        self.active_before: str | None = None
        self._host = host
        self._mode = mode
        self._kept: list[str] = []

    def plan(self, *, predict: bool) -> Plan:
        """Look, and return what is to be done from here on; raises Refusal."""
        deadline = time.monotonic() + _SETTLE
        while True:
            seats = self._host.seats()
            pollers = recovered(seats, self._mode)
            try:
                candidates = self._host.candidates(pollers, seats, self._mode, predict=predict)
                rest = plan(candidates, restart_all=self._mode.state == "restarted")
            except Refusal as refusal:
                if not refusal.passing or time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE)
                continue
            self.states = {poller.name: poller.state for poller in pollers}
            self.active_before = self.active_before or holder_of(pollers)
            self.planned = Plan((*recovery(seats, self._mode), *rest.steps), rest.gap)
            return self.planned

    def apply(self) -> None:
        """Carry the plan out; raises Refusal, or StepFailed."""
        left = [step for step in self.plan(predict=False).steps if step.action in ("remove", "put_back")]
        if left:
            for step in left:
                self._do(step, self._recover)
            # What was put back may have moved the lease.
            rest = self.plan(predict=False)
            self.planned = Plan((*left, *rest.steps), rest.gap)
        deeds: dict[str, Callable[[Step, Done], None]] = {
            "recreate": self._recreate,
            "return": self._return,
            "restart": self._restart,
            "wait": self._wait,
            "hand_over": self._hand_over,
        }
        try:
            for step in self.planned.steps[len(left) :]:
                self._do(step, deeds[step.action])
        finally:
            for name in () if self._mode.keep_previous else self._kept:
                self._host.engine.remove(name + PREVIOUS)

    def active(self) -> str | None:
        """The instance that is active now, as far as this host's pollers know."""
        try:
            return holder_of(seat.poller for seat in self._host.seats() if seat.poller is not None)
        except EngineError:
            return None

    def _do(self, step: Step, deed: Callable[[Step, Done], None]) -> None:
        done = Done(step.container, step.action, step.role, step.from_digest, step.to_digest)
        self.steps.append(done)
        began = time.monotonic()
        try:
            deed(step, done)
        finally:
            done.seconds = time.monotonic() - began

    def _recover(self, step: Step, _done: Done) -> None:
        if step.action == "remove":
            self._host.remove(step.container)
        else:
            self._host.make_room(step.container)

    def _wait(self, step: Step, done: Done) -> None:
        began = time.monotonic()
        try:
            self._host.wait(step.container)
        except NotAsExpected as error:
            raise self._unfinished(step, error, "It was not touched.") from None
        done.healthy_s = time.monotonic() - began
        self._finished(step)

    def _restart(self, step: Step, done: Done) -> None:
        self._free_of_lease(step)
        try:
            done.stop_s = self._host.stop(step.container)
            done.healthy_s = self._host.start(step.container)
        except (NotAsExpected, EngineError) as error:
            raise self._unfinished(step, error, _LEFT) from None
        self._finished(step)

    def _recreate(self, step: Step, done: Done) -> None:
        name, host = step.container, self._host
        self._free_of_lease(step)
        # An interrupted run may have emptied its place.
        left = not host.exists(name)
        try:
            if not self._mode.prepared:
                # Made before the old one is stopped: what the engine refuses to make costs nobody anything.
                made = host.copy(name)
                host.engine.create(name + NEXT, made.config, made.networks)
            if not left:
                done.stop_s = host.stop(name)
                host.leave(name)
                left = True
            host.enter(name)
            done.healthy_s = host.start(name)
        except (NotAsExpected, EngineError) as error:
            log = host.last_lines(name) if left else ""
            outcome, restored = host.put_back(name, left=left, unprepared=not self._mode.prepared)
            raise self._failed(step, words_of(error), outcome, restored, log) from None
        self._kept.append(name)

    def _return(self, step: Step, done: Done) -> None:
        name = step.container
        self._free_of_lease(step)
        try:
            done.stop_s = self._host.stop(name)
            self._host.make_room(name)
            done.healthy_s = self._host.start(name)
        except (NotAsExpected, EngineError) as error:
            raise self._failed(step, words_of(error), _LEFT, False) from None

    def _unfinished(self, step: Step, error: NotAsExpected | EngineError, outcome: str) -> StepFailed:
        """What a poller failed with that is kept as it is; one that an interrupted run prepared isn't."""
        if not self._goes_on(step.container):
            return self._failed(step, words_of(error), outcome, None)
        log = self._host.last_lines(step.container)
        outcome, restored = self._host.put_back(step.container)
        return self._failed(step, words_of(error), outcome, restored, log)

    def _finished(self, step: Step) -> None:
        if self._goes_on(step.container):
            self._kept.append(step.container)

    def _goes_on(self, name: str) -> bool:
        """Whether what an interrupted run has put into this place is brought to its end."""
        going_on = self._mode.prepared and self._mode.state == "updated"
        return going_on and self._host.exists(name + PREVIOUS)

    def _hand_over(self, step: Step, done: Done) -> None:
        began = time.monotonic()
        former = self._host.poller(step.container)
        try:
            handed = self._host.hand_over(step.container)
        except NotAsExpected as error:
            expected = f"it to hand over within {self._host.limits.handover:g} s"
            outcome = "It was not touched, and goes on polling unless another poller has taken over."
            raise StepFailed(
                step.container, expected, str(error), log="", outcome=outcome, restored=None
            ) from None
        done.hand_over_s = time.monotonic() - began
        done.gap_s, done.message = handed.gap_s, handed.message
        pollers = [seat.poller for seat in self._host.seats() if seat.poller is not None]
        heir = next((poller for poller in pollers if poller.instance == handed.holder), None)
        # One on another host can't be asked from here.
        if heir is not None:
            began = time.monotonic()
            self._see_that_it_hears(heir, former)
            done.healthy_s = time.monotonic() - began

    def _see_that_it_hears(self, heir: Poller, former: Poller) -> None:
        """Wait until the new active one polls; raise StepFailed after handing back when it doesn't."""
        began = time.monotonic()
        limit = self._host.limits.health
        while True:
            time.sleep(PAUSE)
            try:
                poller = self._host.poller(heir.name)
            except NotAsExpected as error:
                found = str(error)
                break
            waited = time.monotonic() - began
            if waited >= LISTEN and hears(poller):
                return
            found = what_is_wrong(poller) if poller.problem else silence(poller)
            passed_on = poller.role == "standby" and poller.lease.holder not in (None, poller.instance)
            if passed_on or (waited > limit and waited >= LISTEN):
                break
        log = self._host.last_lines(heir.name)
        outcome, restored = self._hand_back(heir, former)
        expected = f"it to poll within {limit:g} s of the hand-over to it"
        raise StepFailed(
            heir.name, expected, self._host.mask(found), log=log, outcome=outcome, restored=restored
        )

    def _hand_back(self, heir: Poller, former: Poller) -> tuple[str, bool | None]:
        """Make the former active one so again, and put back what was replaced: it passed for healthy too."""
        name: str | None = heir.name
        pollers = [seat.poller for seat in self._host.seats() if seat.poller is not None]
        for _attempt in pollers:
            if name is None or name == former.name:
                break
            try:
                holder = self._host.hand_over(name).holder
            except (NotAsExpected, EngineError):
                # Stopping it, to put the previous one back, passes the lease on as well.
                break
            name = next((poller.name for poller in pollers if poller.instance == holder), None)
        restored: bool | None = None
        said = ""
        for replaced in sorted(self._kept, key=lambda each: each != heir.name):
            sentence, good = self._host.put_back(replaced)
            restored = bool(good) and restored is not False
            said = f"{said} {replaced}: {sentence[0].lower()}{sentence[1:]}"
        self._kept.clear()
        active = self.active()
        return (
            f"{active or 'Nobody'} is active {'again' if active == former.instance else 'now'}.{said}",
            restored,
        )

    def _free_of_lease(self, step: Step) -> None:
        """Hand over first when the lease has come to a poller since the plan was made, or back to it."""
        try:
            poller = self._host.poller(step.container)
        except NotAsExpected:
            return
        if poller.role == "active" and not self.planned.gap and standbys_elsewhere(poller):
            handing = Done(step.container, "hand_over", "active", step.from_digest, step.to_digest)
            self.steps.append(handing)
            self._hand_over(step, handing)
            handing.seconds = (handing.hand_over_s or 0.0) + (handing.healthy_s or 0.0)

    def _failed(
        self, step: Step, found: str, outcome: str, restored: bool | None, log: str | None = None
    ) -> StepFailed:
        expected = f"it to be healthy within {self._host.limits.health:g} s"
        if step.action in ("recreate", "return"):
            expected += f" with {step.to_digest}"
        last = self._host.last_lines(step.container) if log is None else log
        return StepFailed(
            step.container, expected, self._host.mask(found), log=last, outcome=outcome, restored=restored
        )
