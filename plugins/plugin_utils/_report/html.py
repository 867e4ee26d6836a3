# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a cluster as one page of HTML, which needs nothing beside it.

Private to this collection, and for the controller: a target may have no Jinja.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from .format import duration, percent, size
from .model import NGINX, POLLER, REPLICA, WORKER
from .text import memory_words, release_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Report, Row

TEMPLATE = Path(__file__).resolve().parents[3] / "playbooks" / "templates" / "monitor.html.j2"
_COMMAND = re.compile(r"`(ansible-playbook [^`]+)`")


@dataclass(frozen=True)
class Node:
    """A box of the drawing.

    Args:
        label: its name.
        state: C(ok), C(standby), C(warn), C(bad), C(unknown), or C(outside) the cluster.
        words: the state, in words.
        details: more about it, line by line.
    """

    label: str
    state: str
    words: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A line of the drawing, from a height to a height of its field, in percent."""

    begin: float
    end: float
    state: str


@dataclass(frozen=True)
class Lane:
    """One way through the cluster: columns of boxes, and the lines between each and the next."""

    title: str
    columns: tuple[tuple[Node, ...], ...]

    @property
    def edges(self) -> tuple[tuple[Edge, ...], ...]:
        """The lines; each as the worse of what it joins."""
        return tuple(
            tuple(
                Edge(_height(i, left), _height(j, right), _joined(begin, end))
                for i, begin in enumerate(left)
                for j, end in enumerate(right)
            )
            for left, right in zip(self.columns, self.columns[1:], strict=False)
        )


def page_of(report: Report, again: str = "run monitor.yml", template: Path = TEMPLATE) -> str:
    """Return the page; what comes from hosts is escaped.

    Args:
        report: what it shows.
        again: how to make it again.
        template: of the page.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.filters |= {
        "duration": duration,
        "size": size,
        "with_commands": _with_commands,
        "memory_words": memory_words,
        "release_images": release_images,
        "short": lambda name: _short(name, report.cluster),
    }
    environment.globals["percent"] = percent
    services = [row for row in report.instances if row.component not in (NGINX, REPLICA, POLLER, WORKER)]
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        report=report,
        again=again,
        lanes=lanes_of(report),
        services=[_node(row, report.cluster) for row in services],
    )


def lanes_of(report: Report) -> list[Lane]:
    """Return the ways through the cluster of which there is something."""

    def nodes(component: str) -> tuple[Node, ...]:
        rows: Sequence[Row] = [row for row in report.instances if row.component == component]
        return tuple(_node(row, report.cluster) for row in rows)

    telegram = Node("Telegram", *_telegram(report))
    ways = [
        Lane("Webhooks", ((Node("callers", "outside"),), nodes(NGINX), nodes(REPLICA))),
        Lane("Messages", ((telegram,), nodes(POLLER))),
        Lane("Jobs", ((Node("queue", "outside"),), nodes(WORKER))),
    ]
    return [way for way in ways if any(way.columns[1:])]


def _telegram(report: Report) -> tuple[str, str, tuple[str, ...]]:
    told = report.telegram
    details = () if told is None else (f"@{told['username']}", f"{told['pending']} waiting")
    if any(problem.subject == "Telegram" for problem in report.problems):
        return "warn" if told else "bad", "see above", details
    return ("outside", "", ()) if told is None else ("ok", "answers", details)


def _node(row: Row, cluster: str) -> Node:
    state = _state(row)
    words = row.health or row.state if row.state == "running" else row.state
    if row.role in ("active", "standby"):
        words = f"{row.role}, {words}"
    if state == "warn":
        words = f"{words}, see above"
    up = f", up {duration(row.up_s)}" if row.up_s is not None else ""
    details = [f"on {row.host}{up}"]
    if row.answer_s is not None:
        details.append(f"answered in {row.answer_s * 1000:.0f} ms")
    if row.poll_age_s is not None:
        details.append(f"polled {duration(row.poll_age_s)} ago")
    return Node(_short(row.name, cluster), state, words, tuple(details))


def _state(row: Row) -> str:
    if row.state == "unknown":
        return "unknown"
    if not row.well or row.severity == "down":
        return "bad"
    if row.severity == "degraded":
        return "warn"
    return "standby" if row.role == "standby" else "ok"


def _joined(begin: Node, end: Node) -> str:
    states = (begin.state, end.state)
    return next((state for state in ("bad", "unknown", "standby", "warn") if state in states), "ok")


def _height(number: int, nodes: Sequence[Node]) -> float:
    return round((number + 0.5) / len(nodes) * 100, 2)


def _short(name: str, cluster: str) -> str:
    """A container's name without the cluster's, which all of them have."""
    return name.replace(f"{cluster}-", "")


def _with_commands(text: Any) -> Markup:
    """Mark what can be typed."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
