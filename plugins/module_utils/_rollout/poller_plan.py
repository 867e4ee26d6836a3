# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order the pollers of one host are replaced or restarted, and when it is better not to begin.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .._instances.slots import NEXT, PREVIOUS, STOPPED, slot_of
from .._pollers.model import Poller, in_order
from .errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
_STATES = {"recreate": "recreated", "restart": "restarted", "return": "returned"}
_NO_VARIABLES = ("image", "command", "configuration")


@dataclass(frozen=True)
class Mode:
    """What a run is for.

    Args:
        state: what becomes of the pollers: updated, restarted or returned.
        prepared: whether a poller's next container is what it becomes, and not what an interrupted run left.
        keep_previous: whether previous containers stay.
    """

    state: str = "updated"
    prepared: bool = False
    keep_previous: bool = False

    def undoes(self, seat: Seat) -> bool:
        """Whether the previous container comes back first: none, or none that can stay, is in its place."""
        if seat.previous is None:
            return False
        if seat.poller is None:
            return not self.enters(seat)
        # What was prepared and isn't good yet is gone on with: nothing could make it again. And one that was
        # stopped to be restarted is no reason to give up what it was updated to.
        stays = self.prepared or (self.keep_previous and self.state == "restarted")
        return not (seat.poller.good or stays)

    def enters(self, seat: Seat) -> bool:
        """Whether the next container is to take the place."""
        return self.prepared and seat.following is not None


@dataclass(frozen=True)
class Seat:
    """A poller's place on the host, by its name, and what is left of an interrupted run."""

    name: str
    poller: Poller | None = None
    previous: Poller | None = None
    following: Poller | None = None


@dataclass(frozen=True)
class Candidate:
    """A poller and what it would become.

    Args:
        poller: as it was seen.
        to_digest: of the image that is wanted.
        changes: what differs from that: image, command, an environment variable's name, or configuration.
        action: what is done when anything differs.
    """

    poller: Poller
    from_digest: str = ""
    to_digest: str = ""
    changes: tuple[str, ...] = ()
    action: str = "recreate"


@dataclass(frozen=True)
class Step:
    """One step. Documented as RV(plan) of bot_rolling_restart."""

    container: str
    action: str
    role: str
    from_digest: str = ""
    to_digest: str = ""
    changes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return {**asdict(self), "changes": list(self.changes)}


@dataclass(frozen=True)
class Plan:
    """What is done, in order; `gap` when nobody can take over from the active poller meanwhile."""

    steps: tuple[Step, ...] = ()
    gap: bool = False

    @property
    def changes(self) -> bool:
        """Whether any step does more than wait."""
        return any(step.action != "wait" for step in self.steps)


def seats_of(pollers: Iterable[Poller]) -> list[Seat]:
    """Sort containers into their places."""
    seats: dict[str, Seat] = {}
    for poller in in_order(pollers):
        name = slot_of(poller.name)
        seat = seats.get(name, Seat(name))
        if poller.name.endswith(PREVIOUS):
            seat = replace(seat, previous=poller)
        elif poller.name.endswith(NEXT):
            seat = replace(seat, following=poller)
        else:
            seat = replace(seat, poller=poller)
        seats[name] = seat
    return list(seats.values())


def recovery(seats: Iterable[Seat], mode: Mode) -> tuple[Step, ...]:
    """The steps that finish or undo what an interrupted run left."""
    steps = []
    for seat in seats:
        if seat.following is not None and not mode.prepared and mode.state != "returned":
            steps.append(Step(seat.following.name, "remove", "none"))
        if mode.undoes(seat):
            steps.append(Step(seat.name, "put_back", "unknown" if seat.poller is None else seat.poller.role))
            continue
        # Beside one that isn't good yet it is still needed.
        finished = seat.previous is not None and seat.poller is not None and seat.poller.good
        if seat.previous is not None and finished and not mode.keep_previous and mode.state != "returned":
            steps.append(Step(seat.previous.name, "remove", "none"))
    return tuple(steps)


def recovered(seats: Sequence[Seat], mode: Mode) -> list[Poller]:
    """The pollers as they will be after recovery(); what it restores is stopped until it is restarted."""
    pollers = []
    passed_on = False
    for seat in seats:
        if mode.undoes(seat):
            passed_on = passed_on or (seat.poller is not None and seat.poller.role == "active")
        found = seen_as(seat, mode)
        if found is seat.poller and found is not None:
            pollers.append(found)
        elif found is not None:
            pollers.append(replace(found, name=seat.name, role="unknown", good=False))
    if passed_on:
        # Whoever it will be: one that is ready takes the lease when the one that holds it is stopped.
        heir = next((each for each in pollers if each.good and each.role == "standby"), None)
        pollers = [replace(each, role="active") if each is heir else each for each in pollers]
    return pollers


def seen_as(seat: Seat, mode: Mode) -> Poller | None:
    """The container that stands for a place; None when there will be none in it."""
    if mode.undoes(seat):
        return seat.previous
    if seat.poller is None and mode.enters(seat):
        return seat.previous or seat.following
    return seat.poller


def successor(seat: Seat, mode: Mode) -> Poller | None:
    """The container that there is already and that a poller becomes."""
    if mode.enters(seat):
        return seat.following
    return seat.previous if mode.state == "returned" and not mode.undoes(seat) else None


def plan(candidates: Sequence[Candidate], *, restart_all: bool) -> Plan:
    """Return the steps for one host: standbys, one after the other, then a hand-over, then the active one.

    Args:
        candidates: the host's pollers, in order.
        restart_all: whether those that need no change are restarted too.

    Raises:
        Refusal: nobody or more than one polls, and something could get worse; or a poller can't be stopped.
    """
    active = _active([candidate.poller for candidate in candidates])
    standbys = [candidate for candidate in candidates if candidate.poller is not active]
    steps = [step for step in (_step(each, "standby", restart_all) for each in standbys) if step is not None]
    gap = False
    for candidate in candidates:
        if candidate.poller is not active:
            continue
        step = _step(candidate, "active", restart_all)
        if step is not None and step.action != "wait":
            gap = not standbys and not standbys_elsewhere(active)
            if not gap:
                steps.append(Step(step.container, "hand_over", "active", step.from_digest, step.to_digest))
        if step is not None:
            steps.append(step)
    return Plan(tuple(steps), gap)


def standbys_elsewhere(poller: Poller) -> list[str]:
    """The other instances, on any host, that its guard knows to be ready."""
    known = (poller.guard or {}).get("standbys")
    return [str(name) for name in known if name != poller.instance] if isinstance(known, list) else []


def holder_of(pollers: Iterable[Poller]) -> str | None:
    """The instance that holds the lease, on whatever host, as far as these pollers know."""
    return next((poller.lease.holder for poller in pollers if poller.lease.holder), None)


def _active(pollers: Sequence[Poller]) -> Poller | None:
    """The host's active poller, or None when it is on another host, or nothing can get worse."""
    for poller in pollers:
        if poller.state == "paused":
            raise Refusal(poller.name, "a poller that can be stopped", "it paused; unpause it")
    active = [poller for poller in pollers if poller.role == "active"]
    if len(active) > 1:
        names = ", ".join(poller.name for poller in active)
        raise Refusal("Pollers", "one that is active", f"{len(active)}: {names}", passing=True)
    if active:
        return active[0]
    holder = holder_of(pollers)
    here = next((poller for poller in pollers if holder and poller.instance == holder), None)
    if here is not None and here.state not in STOPPED:
        why = here.problem or "none yet"
        raise Refusal(here.name, "an answer of its guard, since it holds the lease", why, passing=True)
    good = ", ".join(poller.name for poller in pollers if poller.good)
    if good and (holder is None or here is not None):
        raise Refusal("Pollers", "one that is active", f"none, though these are ready: {good}", passing=True)
    return None


def _step(candidate: Candidate, role: str, restart_all: bool) -> Step | None:
    poller = candidate.poller
    if candidate.changes:
        action = candidate.action
    elif restart_all or poller.state in STOPPED:
        action = "restart"
    elif not poller.good:
        action = "wait"
    else:
        return None
    return Step(poller.name, action, role, candidate.from_digest, candidate.to_digest, candidate.changes)


def difference(planned: Plan, before: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What diff mode shows: each container that a step changes, but no values of variables.

    Args:
        planned: what is done.
        before: the containers' states by their names.
    """
    states: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    for step in planned.steps:
        if step.action not in _STATES:
            continue
        states["before"][step.container] = {
            "image": step.from_digest,
            "state": before.get(step.container, ""),
        }
        states["after"][step.container] = {"image": step.to_digest, "state": _STATES[step.action]}
        variables = [name for name in step.changes if name not in _NO_VARIABLES]
        if variables:
            states["after"][step.container]["changed variables"] = variables
        for name in ("command", "configuration"):
            if name in step.changes:
                states["after"][step.container][name] = "changed"
    return states
