# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host's instances as a replacement handles them: looked at, emptied, waited for.

Private to this collection. What is done with them is told by _instance_replacement, the order by
_instance_plan.
"""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._instances.labels import CLUSTER_LABEL, COMPONENT_LABEL
from .._instances.slots import BY_HAND, NEXT, PREVIOUS, STOPPED, slot_of
from .._pollers.model import POLLER_COMPONENT, Look, image_digest
from . import drain as traffic
from .containers import MOST_RESTARTS, PAUSE, Containers
from .errors import NotAsExpected, Refusal
from .instance_plan import Box, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.docker import Engine

# Seconds between two looks at connections, and how many must show none.
_LOOK = 0.2
_QUIET_LOOKS = 2
# Seconds that a container without a health check must have run.
STEADY = 2.0


@dataclass(frozen=True)
class Limits:
    """The longest times, in seconds; without `stop`, each container's own."""

    health: float
    drain: float
    stop: int | None = None


class InstanceHost(Containers):
    """Instances of a cluster on one engine.

    Args:
        engine: the connection to it.
        cluster: the cluster's name.
        limits: the longest times.
        port: the containers' port that is emptied before they are stopped.
        warm_url: what is asked for once they are healthy.
        far: the engine's address when it isn't on this machine.
    """

    def __init__(
        self,
        engine: Engine,
        cluster: str,
        limits: Limits,
        *,
        port: int | None = None,
        warm_url: str | None = None,
        far: str | None = None,
    ) -> None:
        super().__init__(engine, limits.stop)
        self.health_timeout = limits.health
        self.warm_url = warm_url or ""
        self._cluster = cluster
        self._drain_timeout = limits.drain
        self._port = port
        self._far = far

    def place(self, name: str, *, settling: bool = False) -> Place:
        """Look at an instance's place; raises Refusal for what isn't this cluster's, and for pollers.

        Args:
            name: the instance's.
            settling: whether nothing in the place is touched, so that it may be a poller's.
        """
        found: dict[str, Box] = {}
        for suffix in (PREVIOUS, "", NEXT):
            container = self.find(name + suffix)
            if container is not None:
                # One that was started by hand may have been a poller's, and then it is given back to as well.
                of_any_kind = settling or (PREVIOUS in found and found[PREVIOUS].by_hand)
                self._accept(name + suffix, container, of_any_kind)
                found[suffix] = self._box(container)
        return Place(name, found.get(""), found.get(PREVIOUS), found.get(NEXT))

    def places(self) -> list[Place]:
        """Look at the places of all instances, pollers too, where anything is left of an update."""
        found: dict[str, Box] = {}
        for entry in self.engine.containers({}):
            owner = (entry.get("Labels") or {}).get(CLUSTER_LABEL)
            if owner in (None, self._cluster):
                name = str(next(iter(entry.get("Names") or ()), "")).lstrip("/")
                digest = str(entry.get("Image") or "").rpartition("@")[2]
                found[name] = Box(str(entry.get("State") or "unknown"), digest, by_hand=owner is None)
        ours = {slot_of(name) for name, box in found.items() if not box.by_hand}
        left = sorted({slot_of(name) for name in found if slot_of(name) != name} & ours)
        return [
            Place(name, found.get(name), found.get(name + PREVIOUS), found.get(name + NEXT)) for name in left
        ]

    def runs(self, name: str) -> bool:
        container = self.find(name)
        return container is not None and container["State"]["Status"] not in STOPPED

    def stop_if_running(self, name: str) -> None:
        if self.runs(name):
            self.stop(name)

    def retire(self, name: str) -> None:
        """Keep a container that was started by hand, under a name that is nobody's, not to be started."""
        identity = str(self.inspect(name)["Id"])
        self.engine.retire(name)
        self.engine.rename(name, f"{slot_of(name)}{BY_HAND}-{identity[:6]}")

    def start(self, name: str) -> float:
        """Start a container and wait until it is healthy; returns the seconds that it took."""
        began = time.monotonic()
        self.engine.start(name)
        self.wait(name, started=True)
        return time.monotonic() - began

    def wait(self, name: str, *, started: bool) -> None:
        """Wait until a container is healthy; raises NotAsExpected with what is wrong when it isn't in time.

        One without a health check is so when it has run for a while without a restart.

        Args:
            name: its name.
            started: whether it was started here; else its age is the engine's word.
        """
        began = time.monotonic()
        first_restarts = run = None
        run_began = began
        while True:
            container = self.inspect(name)
            state, restarts = container["State"], int(container.get("RestartCount") or 0)
            now = time.monotonic()
            first_restarts = restarts if first_restarts is None else first_restarts
            if run != (restarts, state.get("StartedAt")):
                run = restarts, state.get("StartedAt")
                run_began = now if started or restarts != first_restarts else now - _age(state)
            health = _health(state)
            if state["Status"] == "running" and health in ("healthy", None):
                if health or now - run_began >= STEADY:
                    return
                found = f"it run for {now - run_began:.1f} s only"
            else:
                found = _what_is_wrong(state, health)
            if restarts - first_restarts >= MOST_RESTARTS:
                raise NotAsExpected(f"that the engine had to start it {MOST_RESTARTS} times again: {found}")
            if state["Status"] in STOPPED or now - began > self.health_timeout:
                raise NotAsExpected(found)
            time.sleep(PAUSE)

    def look_at_connections(self, name: str) -> int:
        """Count the connections to the port that is emptied; raises Refusal when they can't be seen."""
        expected = "the engine on this machine, for drained_port"
        if self._far is not None:
            raise Refusal(name, expected, f"it at {self._far}")
        process = None
        while True:
            state = (self.find(name) or {"State": {"Status": "gone"}})["State"]
            if state["Status"] != "running" or not state.get("Pid"):
                return 0
            same = state["Pid"] == process
            process = int(state["Pid"])
            try:
                return traffic.connections(process, self._port or 0)
            except (FileNotFoundError, ProcessLookupError) as error:
                if same:
                    raise Refusal(name, expected, f"no process {process} here: {error}") from None
            except OSError as error:
                readable = "its connections to be readable in /proc, as root on the engine's own host"
                raise Refusal(name, readable, str(error)) from None

    def drain(self, name: str) -> int:
        """Wait until nobody is connected to the port; returns how many still are when it took too long."""
        deadline = time.monotonic() + self._drain_timeout
        quiet = 0
        while True:
            try:
                left = self.look_at_connections(name)
            except Refusal as refusal:
                raise NotAsExpected(refusal.found) from None
            quiet = 0 if left else quiet + 1
            if quiet == _QUIET_LOOKS or (left and time.monotonic() > deadline):
                return left
            time.sleep(_LOOK)

    def _accept(self, name: str, container: Mapping[str, Any], of_any_kind: bool) -> None:
        labels = container["Config"].get("Labels") or {}
        other = labels.get(CLUSTER_LABEL)
        if other != self._cluster and (other or name.endswith(NEXT)):
            found = f"one of the cluster {other}" if other else f"one without the label {CLUSTER_LABEL}"
            raise Refusal(name, f"a container of the cluster {self._cluster}", found)
        if of_any_kind:
            return
        if labels.get(COMPONENT_LABEL) == POLLER_COMPONENT:
            raise Refusal(name, "no poller", "one; aisha.cluster.bot_rolling_restart replaces pollers")
        if container["HostConfig"].get("AutoRemove"):
            raise Refusal(name, "a container that stays when it is stopped", "one made with --rm")

    def _box(self, container: Mapping[str, Any]) -> Box:
        look = Look(container)
        digest = image_digest(look)
        if digest is None:
            image = str(container["Image"])
            digest = image_digest(Look(container, self.engine.repo_digests(image))) or image
        by_hand = CLUSTER_LABEL not in (container["Config"].get("Labels") or {})
        return Box(look.state, digest, _health(container["State"]), by_hand)


def _health(state: Mapping[str, Any]) -> str | None:
    word = (state.get("Health") or {}).get("Status")
    return None if word in (None, "", "none") else str(word)


def _age(state: Mapping[str, Any]) -> float:
    """Seconds since it was started, by both machines' clocks."""
    try:
        # It goes on with a fraction of nanoseconds, and Z.
        started = time.strptime(str(state.get("StartedAt"))[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return 0.0
    return time.time() - calendar.timegm(started)


def _what_is_wrong(state: Mapping[str, Any], health: str | None) -> str:
    """What was found of a container that isn't healthy, as the end of a sentence."""
    status = str(state["Status"])
    if status != "running":
        ended = status in ("exited", "dead", "restarting")
        return f"it {status} with exit code {state.get('ExitCode')}" if ended else f"it {status}"
    log = (state.get("Health") or {}).get("Log") or [{}]
    said = " / ".join(str(log[-1].get("Output") or "").split("\n")).strip(" /")[-500:]
    return f"its health {health}" + (f": {said}" if said else "")
