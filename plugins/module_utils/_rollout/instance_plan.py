# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done, in order, until an instance's place holds what it is to hold, wherever an earlier run ended.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._instances.slots import NEXT, PREVIOUS, STOPPED
from .errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Box:
    """One container.

    Args:
        state: the engine's word: created, running, paused, restarting, removing, exited or dead.
        digest: of its image.
        health: Docker's word; None without a health check.
        by_hand: whether somebody started it without this collection.
    """

    state: str
    digest: str = ""
    health: str | None = None
    by_hand: bool = False

    @property
    def runs(self) -> bool:
        return self.state not in STOPPED


@dataclass(frozen=True)
class Place:
    """An instance's place: what is in it, what was before an update, and what is prepared for it."""

    name: str
    current: Box | None = None
    previous: Box | None = None
    following: Box | None = None

    def box(self, name: str) -> Box | None:
        """One of the three by its container's name."""
        suffixed = {
            self.name: self.current,
            self.name + PREVIOUS: self.previous,
            self.name + NEXT: self.following,
        }
        return suffixed.get(name)


@dataclass(frozen=True)
class Act:
    """One thing that is done. Documented as RV(plan) of instance_replacement."""

    action: str
    container: str

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return self.action not in ("drain", "wait", "warm")


@dataclass(frozen=True)
class Wishes:
    """How it is done: with the next one started first, until no connection is left, and warmed at the end."""

    overlap: bool = False
    drain: bool = False
    warm: bool = False


@dataclass(frozen=True)
class InstancePlan:
    """What is done to one place, and the images that it has before and after."""

    acts: tuple[Act, ...] = ()
    from_digest: str = ""
    to_digest: str = ""

    @property
    def changes(self) -> bool:
        return any(act.changes for act in self.acts)


def plan(state: str, place: Place, wishes: Wishes) -> InstancePlan:
    """Return what is done for one of the states but settled; raises Refusal."""
    for suffix in ("", PREVIOUS, NEXT):
        box = place.box(place.name + suffix)
        if box is not None and box.state == "paused":
            raise Refusal(place.name + suffix, "a container that can be stopped", "it paused; unpause it")
    if place.current is not None and place.current.by_hand and place.previous is not None:
        # Who of the two is to be kept, only a person can tell.
        found = f"one, though {place.name} was started by hand; rename or remove it"
        raise Refusal(place.name + PREVIOUS, "no container of that name", found)
    acts, to_digest = {
        "replaced": _replaced,
        "restarted": _restarted,
        "returned": _returned,
        "set_aside": _set_aside,
    }[state](place, wishes)
    if not wishes.warm:
        acts = [act for act in acts if act.action != "warm"]
    if not wishes.drain:
        acts = [act for act in acts if act.action != "drain"]
    was = place.current or place.previous
    return InstancePlan(tuple(acts), was.digest if was else "", to_digest)


def settled(places: Sequence[Place]) -> tuple[tuple[Act, ...], list[str]]:
    """Return what settles an update, and the containers that stay since their place is empty."""
    acts, kept = [], []
    for place in places:
        left = [name for name in (place.name + PREVIOUS, place.name + NEXT) if place.box(name)]
        if place.current is None:
            kept += left
        else:
            by_hand = place.previous is not None and place.previous.by_hand
            aside = [place.name + PREVIOUS] if by_hand else []
            acts += [Act("retire" if name in aside else "remove", name) for name in left]
    return tuple(acts), kept


def _replaced(place: Place, wishes: Wishes) -> tuple[list[Act], str]:
    name = place.name
    if place.following is None:
        return _kept(place)
    acts = []
    if place.current is not None:
        if wishes.overlap and place.current.runs:
            acts.append(Act("start", name + NEXT))
        acts += [*_emptied(name, place.current), Act("remove" if place.previous else "keep", name)]
    if place.previous is not None and place.previous.runs:
        # Not by an earlier run: an engine that was started anew starts some containers by itself.
        acts.append(Act("stop", name + PREVIOUS))
    return [*acts, Act("enter", name + NEXT), *_brought_up(name)], place.following.digest


def _restarted(place: Place, _wishes: Wishes) -> tuple[list[Act], str]:
    if place.current is None:
        return _kept(replace(place, following=None))
    return [*_emptied(place.name, place.current), *_brought_up(place.name)], place.current.digest


def _returned(place: Place, wishes: Wishes) -> tuple[list[Act], str]:
    name, current, previous = place.name, place.current, place.previous
    if previous is None:
        if current is None:
            return [], ""
        if not current.runs or current.health == "starting":
            return _kept(place)
        return [], current.digest
    acts = []
    if current is not None:
        # What was started by hand may publish the port, which is free only when nobody listens there.
        if wishes.overlap and current.runs and not previous.by_hand:
            acts.append(Act("start", name + PREVIOUS))
        acts += [*_emptied(name, current), Act("remove", name)]
    return [*acts, Act("enter", name + PREVIOUS), *_brought_up(name)], previous.digest


def _set_aside(place: Place, _wishes: Wishes) -> tuple[list[Act], str]:
    if place.current is None or not place.current.by_hand:
        return [], place.current.digest if place.current else ""
    return [*_emptied(place.name, place.current), Act("keep", place.name)], place.current.digest


def _kept(place: Place) -> tuple[list[Act], str]:
    """What is in the place is to run there; if nothing is, what was there before."""
    name, current, previous = place.name, place.current, place.previous
    if current is None:
        if previous is None:
            raise Refusal(name, "a container", "none")
        return [Act("enter", name + PREVIOUS), *_brought_up(name)], previous.digest
    if not current.runs:
        stopped = [Act("stop", name + PREVIOUS)] if previous is not None and previous.runs else []
        return [*stopped, *_brought_up(name)], current.digest
    # With a previous one there it may never have been warmed: then an earlier run didn't get so far.
    warmed = [Act("warm", name)] if previous is not None else []
    waited = [] if current.health == "healthy" and current.state == "running" else [Act("wait", name)]
    return [*waited, *warmed], current.digest


def _emptied(name: str, box: Box) -> list[Act]:
    return [Act("drain", name), Act("stop", name)] if box.runs else []


def _brought_up(name: str) -> list[Act]:
    return [Act("start", name), Act("warm", name)]
