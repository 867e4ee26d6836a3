# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host's pollers as a rolling restart handles them: looked at, waited for, told to hand over, copied.

Private to this collection. What is done with them is told by _rolling_restart, the order by _rolling_plan.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError, ExecResult
from .._instances.slots import NEXT, PREVIOUS, STOPPED
from .._pollers.model import Look, Poller, guard_command
from .._pollers.query import poller_named, pollers_of
from .clone import Copy, Want, changes, copy_of, differences
from .containers import MOST_RESTARTS, PAUSE, Containers
from .errors import NotAsExpected, Refusal
from .handover_response import NOT_YET, USAGE, Response, older_response, response
from .poller_plan import Candidate, Mode, Seat, seats_of, seen_as, standbys_elsewhere, successor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._core.docker import Engine

# Seconds that a guard has to answer.
ANSWER_TIMEOUT = 10.0


@dataclass(frozen=True)
class Limits:
    """The longest times, in seconds; without `stop`, each container's own."""

    health: float
    handover: float
    stop: int | None = None


@dataclass(frozen=True)
class HandedOver:
    """A handover that was done. An older guard reports no gap.

    Args:
        holder: the instance that is active now.
        message: the guard's message, redacted.
        gap_s: longest time in seconds for which nobody held the lease.
    """

    holder: str
    message: str
    gap_s: float | None = None


class Host(Containers):
    """The pollers of a cluster on one engine. Methods raise EngineError when the engine doesn't serve."""

    def __init__(self, connect: Callable[[], Engine], cluster: str, want: Want, limits: Limits) -> None:
        super().__init__(
            connect(), limits.stop, (f"{name}={value}" for name, value in want.environment.items())
        )
        self.limits = limits
        self._connect = connect
        self._cluster = cluster
        self._want = want

    def seats(self) -> list[Seat]:
        """Look at all pollers, and at what an interrupted run left."""
        pollers = pollers_of(
            self._connect, self._cluster, log_period=0, answer_timeout=ANSWER_TIMEOUT, leftovers=True
        )
        return seats_of(pollers)

    def poller(self, name: str) -> Poller:
        """Look at one poller; raises NotAsExpected when it is gone."""
        found = poller_named(self._connect, name, answer_timeout=ANSWER_TIMEOUT)
        if found is None:
            raise NotAsExpected("no such container")
        return found

    def candidates(
        self, pollers: Sequence[Poller], seats: Sequence[Seat], mode: Mode, *, predict: bool
    ) -> list[Candidate]:
        """Compare pollers with what is wanted.

        Args:
            pollers: as they are, or will be after what is left has been put back.
            seats: where they are now.
            mode: what the run is for.
            predict: check mode, in which the image needn't be on the engine yet.

        Raises Refusal when one of them can't be made to be as wanted.
        """
        found = []
        by_name = {seat.name: seat for seat in seats}
        for poller in pollers:
            seat = by_name[poller.name]
            container = self._pollers_own((seen_as(seat, mode) or poller).name, poller.name)
            other = successor(seat, mode)
            if other is None:
                found.append(self._candidate(poller, container, predict))
                continue
            becomes = self._pollers_own(other.name, other.name)
            found.append(
                Candidate(
                    poller,
                    poller.image_digest or str(container["Image"]),
                    other.image_digest or str(becomes["Image"]),
                    differences(container, becomes),
                    "return" if other is seat.previous else "recreate",
                )
            )
        return found

    def copy(self, name: str) -> Copy:
        """Return what makes a poller as wanted."""
        container = self.inspect(name)
        old = self._image_of(container)
        new = self._wanted_image(container)
        if new is None:
            raise _no_image(self._want.image or "")
        image = self._want.image or str(container["Config"]["Image"])
        if self._want.image is None and (self.engine.image(image) or {}).get("Id") != container["Image"]:
            # Its name belongs to another image by now.
            image = str(container["Image"])
        return copy_of(container, old, new, self._want, image)

    def start(self, name: str) -> float:
        """Start a container and wait until its guard is good; returns the seconds that it took.

        Raises NotAsExpected when it isn't good in time, or has ended.
        """
        began = time.monotonic()
        self.engine.start(name)
        self.wait(name)
        return time.monotonic() - began

    def put_back(self, name: str, *, left: bool = True, unprepared: bool = False) -> tuple[str, bool | None]:
        """Run the previous container again; returns what came of it, and whether it is good.

        Args:
            name: of the place.
            left: whether the previous one has left it.
            unprepared: whether a next one was made by this run, and goes.
        """
        try:
            if left or not self.exists(name):
                if not self.exists(name + PREVIOUS):
                    return "It is left as it is; there is no previous container.", None
                self.make_room(name)
            if unprepared:
                self.engine.remove(name + NEXT)
            self.start(name)
        except NotAsExpected as error:
            return f"The previous container is back, but not healthy: {self.mask(str(error))}.", False
        except EngineError as error:
            return f"The previous container could not be put back: {self.mask(str(error))}", False
        return "The previous container is back and healthy.", True

    def wait(self, name: str) -> Poller:
        """Wait until a poller is good; raises NotAsExpected with what is wrong when it isn't in time."""
        deadline = time.monotonic() + self.limits.health
        restarts = None
        while True:
            poller = self.poller(name)
            if poller.good:
                return poller
            found = what_is_wrong(poller)
            restarts = poller.restarts if restarts is None else restarts
            if poller.restarts - restarts >= MOST_RESTARTS:
                raise NotAsExpected(f"that the engine had to start it {MOST_RESTARTS} times again: {found}")
            if poller.state in STOPPED or time.monotonic() > deadline:
                raise NotAsExpected(found)
            time.sleep(PAUSE)

    def hand_over(self, name: str) -> HandedOver:
        """Have an active poller pass the lease on; raises NotAsExpected when it doesn't."""
        deadline = time.monotonic() + self.limits.handover
        while True:
            answer = self._order_handover(name, deadline)
            if answer.done and answer.holder:
                return HandedOver(answer.holder, answer.message, answer.gap_s)
            poller = self.poller(name)
            holder = poller.lease.holder
            if poller.role == "standby" and holder not in (None, poller.instance):
                message = answer.message if answer.done else f"{holder} had taken over already"
                return HandedOver(str(holder), message)
            # An older guard doesn't report why it did nothing, but its status lists the standbys.
            waits = answer.outcome in NOT_YET or (answer.outcome is None and not standbys_elsewhere(poller))
            if time.monotonic() > deadline or not (answer.done or waits):
                raise NotAsExpected(answer.message)
            time.sleep(PAUSE)

    def _order_handover(self, name: str, deadline: float) -> Response:
        """Run `pollguard handover` once; raises NotAsExpected when it doesn't end in time."""
        said = self._handover(name, deadline, "--json")
        if said.exit_code == USAGE:
            return older_response(self._handover(name, deadline), self.mask)
        return response(said, self.mask)

    def _handover(self, name: str, deadline: float, *options: str) -> ExecResult:
        command = guard_command(Look(self.inspect(name)), "handover", *options)
        said = self._run(name, command or [], deadline - time.monotonic())
        if said is None:
            raise NotAsExpected(f"no answer within {self.limits.handover:g} s")
        return said

    def _run(self, name: str, command: list[str], patience: float) -> ExecResult | None:
        """Run a command in a container; None when it takes too long."""
        result: list[ExecResult | Exception] = []

        def run() -> None:
            try:
                result.append(self._connect().run(name, command))
            except Exception as error:  # Raised where it is seen.
                result.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, patience))
        if not result:
            return None
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def _image_of(self, container: Mapping[str, Any]) -> dict[str, Any]:
        image = self.engine.image(str(container["Image"]))
        if image is None:
            raise _no_image(str(container["Image"]))
        return image

    def _wanted_image(self, container: Mapping[str, Any]) -> dict[str, Any] | None:
        return self.engine.image(self._want.image or str(container["Image"]))

    def _pollers_own(self, actual: str, name: str) -> dict[str, Any]:
        """Return all about a container that is or becomes a poller; raises Refusal when it can't be one."""
        container = self.inspect(actual)
        if guard_command(Look(container), "status") is None:
            raise Refusal(name, "a poller that runs under the poll guard", "one that doesn't")
        if container["HostConfig"].get("AutoRemove"):
            raise Refusal(name, "a container that stays when it is stopped", "one made with --rm")
        return container

    def _candidate(self, poller: Poller, container: Mapping[str, Any], predict: bool) -> Candidate:
        is_now = poller.image_digest or str(container["Image"])
        if self._want == Want():
            # A restart needs no image, which may have been removed.
            return Candidate(poller, is_now, is_now)
        old, new = self._image_of(container), self._wanted_image(container)
        wanted = is_now if self._want.image is None else self._want.image.rpartition("@")[2]
        if new is None:
            if not predict:
                raise _no_image(self._want.image or "")
            # Its entry point can't be known, but for that the same prediction is made.
            new = {**old, "Id": container["Image"] if wanted == is_now else wanted}
        try:
            found = changes(container, old, new, self._want)
        except ValueError as error:
            raise Refusal(poller.name, str(error), "another one") from None
        return Candidate(poller, is_now, wanted, found)


def what_is_wrong(poller: Poller) -> str:
    """Why a poller isn't good, as the end of a sentence that says what was found."""
    return poller.found or poller.problem or "a guard that says nothing"


def _no_image(image: str) -> Refusal:
    return Refusal(image, "an image on this engine", "none; pull it first")
