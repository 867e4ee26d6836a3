# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at all pollers of a host at the same time, and waits for none of them too long.

Private to this collection. The engine is asked here; what its answers amount to is told by _bot_cluster.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._instances.labels import CLUSTER_LABEL, COMPONENT_LABEL
from .._instances.slots import slot_of
from .model import POLLER_COMPONENT, Look, Poller, Problem, describe, guard_command, image_digest, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._core.docker import Engine

# A bot that says a lot must not make a question about it take long.
_MOST_LINES = 5000


def pollers_of(
    connect: Callable[[], Engine],
    cluster: str,
    *,
    log_period: int,
    answer_timeout: float,
    leftovers: bool = False,
) -> list[Poller]:
    """Return every poller that a cluster has on this engine, in order.

    Args:
        connect: makes a connection, for one thread.
        cluster: its name, as in the containers' label.
        log_period: seconds of the log, back from now, that are read; 0 reads nothing.
        answer_timeout: seconds until all have answered; what is known by then is returned.
        leftovers: whether containers that an interrupted rolling restart left aside are looked at too.

    Raises:
        EngineError: the engine doesn't list its containers. About a single container it isn't raised:
            the reason is in that poller's ``problem``.
    """
    listed = connect().containers({CLUSTER_LABEL: cluster, COMPONENT_LABEL: POLLER_COMPONENT})
    inquiries = [
        _Inquiry(connect, entry, log_period) for entry in listed if leftovers or _in_its_place(entry)
    ]
    deadline = time.monotonic() + answer_timeout
    for inquiry in inquiries:
        inquiry.start()
    for inquiry in inquiries:
        inquiry.join(max(0.0, deadline - time.monotonic()))
    looks = [inquiry.result(answer_timeout) for inquiry in inquiries]
    return in_order(describe(look) for look in looks if look is not None)


def poller_named(connect: Callable[[], Engine], name: str, *, answer_timeout: float) -> Poller | None:
    """Return one poller as pollers_of() does, or None when there is no such container."""
    inquiry = _Inquiry(connect, {"Id": name, "Names": [name]}, 0)
    inquiry.start()
    inquiry.join(answer_timeout)
    look = inquiry.result(answer_timeout)
    return None if look is None else describe(look)


def _in_its_place(entry: Mapping[str, Any]) -> bool:
    name = next(iter(entry.get("Names") or ()), "")
    return slot_of(str(name)) == name


class _Inquiry(threading.Thread):
    """Looks at one container. A daemon: no answer of a frozen container may keep the module from ending."""

    def __init__(self, connect: Callable[[], Engine], entry: Mapping[str, Any], log_period: int) -> None:
        super().__init__(daemon=True)
        self._connect = connect
        self._id = str(entry["Id"])
        self._log_period = log_period
        self._look: Look | None = Look(_as_inspected(entry))
        self._defect: Exception | None = None

    def result(self, patience: float) -> Look | None:
        """Return what is known by now; None when the container is gone."""
        late = self.is_alive()
        if self._defect is not None:
            raise self._defect
        if late and self._look is not None:
            return replace(self._look, problem=Problem(f"an answer within {patience:g} s", "none"))
        return self._look

    def run(self) -> None:
        try:
            self._see()
        except EngineError as error:
            if self._look is not None:
                self._look = replace(self._look, problem=Problem(error.expected, error.found))
        except Exception as error:  # Raised where it is seen, by result().
            self._defect = error

    def _see(self) -> None:
        """Replace the look whole at each step, since it may be taken at any moment."""
        engine = self._connect()
        container = engine.inspect(self._id)
        if container is None:
            self._look = None
            return
        look = self._look = Look(container)
        if image_digest(look) is None:
            look = self._look = replace(look, repo_digests=engine.repo_digests(str(container["Image"])))
        if self._log_period:
            look = self._look = replace(look, log=self._log(engine))
        command = guard_command(look, "status", "--json")
        if command is not None and look.state == "running":
            self._look = replace(look, said=engine.run(self._id, command))

    def _log(self, engine: Engine) -> str | None:
        since = int(time.time()) - self._log_period
        try:
            return engine.log(self._id, since=since, lines=_MOST_LINES)
        except EngineError:
            # Some log drivers can't be read, and that is no fault of the poller.
            return None


def _as_inspected(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the engine's list in the form of an inspection, until there is one."""
    return {
        "Name": next(iter(entry.get("Names") or ()), ""),
        "State": {"Status": entry.get("State")},
        "Config": {"Image": entry.get("Image")},
    }
