# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a cluster as lines of a terminal.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .format import duration, size
from .model import DEGRADED, DOWN, HEALTHY, Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .model import HostRow, Report, Row

# What a line is, so that whoever shows it can colour it: a verdict, a severity, or nothing of these.
Line = tuple[str, str]
_SHOWN_DIGITS = 12


def lines_of(report: Report) -> Iterator[Line]:
    """Return the report line by line, each with what it is: problems first, the verdict last."""
    for number, problem in enumerate(report.problems, start=1):
        yield f"{number}. {problem.severity}: {problem}", problem.severity
    for title, rows in _sections(report):
        yield "", ""
        yield title, ""
        for row in _table(rows):
            yield f"  {row}", ""
    yield "", ""
    yield report.summary, {HEALTHY: HEALTHY, DEGRADED: "degraded", DOWN: "down"}[report.verdict]


def _sections(report: Report) -> Iterator[tuple[str, list[list[str]]]]:
    parts = set(report.parts)
    # Asked for one thing, it shows that; the containers are looked at in any case.
    if parts <= {"instances"} or "pollers" in parts:
        yield "Containers", _containers(report.instances)
    if "endpoints" in parts:
        head = ["service", "host", "asked", "answer", "time"]
        yield "Services", [head, *(_service(each) for each in report.endpoints)]
    if "logs" in parts:
        head = ["log", "host", "errors", "the last"]
        logs = [row for row in report.instances if row.errors is not None]
        yield "Logs", [head, *([row.name, row.host, str(row.errors), _cut(row.last_error)] for row in logs)]
    if "resources" in parts:
        head = ["host", "load", "memory", "disks", "engine"]
        yield "Hosts", [head, *(_host(row) for row in report.hosts)]
    if report.telegram is not None:
        yield "Telegram", _telegram(report.telegram)
    if report.releases:
        head = ["release", "name", "when", "by", "how", "from"]
        yield "Releases", [head, *(_release(each) for each in report.releases)]


def _containers(rows: Sequence[Row]) -> list[list[str]]:
    head = ["container", "host", "state", "health", "role", "up", "restarts", "memory", "cpu", "last poll"]
    return [
        head,
        *(
            [
                row.name,
                row.host,
                row.state,
                row.health or "-",
                row.role or "-",
                "-" if row.up_s is None else duration(row.up_s),
                "-" if row.restarts is None else str(row.restarts),
                memory_words(row),
                "-" if row.cpu_pct is None else f"{row.cpu_pct:g} %",
                "-" if row.poll_age_s is None else f"{duration(row.poll_age_s)} ago",
            ]
            for row in rows
        ),
    ]


def memory_words(row: Row) -> str:
    """Return what a container uses of what it may."""
    if row.memory_bytes is None:
        return "-"
    limit = f" / {size(row.memory_limit_bytes)}" if row.memory_limit_bytes else ""
    return f"{size(row.memory_bytes)}{limit}"


def release_images(release: Item) -> str:
    """Return a release's images in short."""
    digests = {name: image.rpartition("sha256:")[2] for name, image in sorted(release["images"].items())}
    return ", ".join(f"{name} {digest[:_SHOWN_DIGITS]}" for name, digest in digests.items())


def _service(each: Item) -> list[str]:
    time = "-" if each["elapsed_s"] is None else f"{each['elapsed_s'] * 1000:.0f} ms"
    return [each["name"], each["host"], each["url"], each["problem"] or f"status {each['status']}", time]


def _host(row: HostRow) -> list[str]:
    if row.resources is None:
        return [row.host, "-", "-", "-", "not known" if row.reachable else "unreachable"]
    load, memory, engine = (row.resources[name] for name in ("load", "memory", "engine"))
    used = memory and memory["total_bytes"] - memory["available_bytes"]
    return [
        row.host,
        f"{load['one_m']:g} {load['five_m']:g} {load['fifteen_m']:g} on {load['cpus']}" if load else "-",
        f"{size(used)} / {size(memory['total_bytes'])}" if memory else "-",
        ", ".join(
            f"{disk['path']}: {size(disk['total_bytes'] - disk['free_bytes'])} / {size(disk['total_bytes'])}"
            for disk in row.resources["disks"]
        ),
        f"{engine['version']}, {engine['running']} run" if engine["version"] else "no answer",
    ]


def _telegram(told: Item) -> list[list[str]]:
    return [
        ["bot", f"@{told['username']} ({told['name']}, {told['id']})"],
        ["webhook", told["webhook"] or "none"],
        ["waiting", f"{told['pending']}"],
        ["last error", told["last_error"] or "none"],
    ]


def _release(each: Item) -> list[str]:
    when = each["at"].replace("T", " ")[:16]
    return [str(each["number"]), each["name"], when, each["by"], each["action"], _cut(each["source"])]


def _cut(text: str | None, most: int = 100) -> str:
    return "-" if not text else text if len(text) <= most else f"{text[: most - 1]}…"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return rows with each column as wide as it has to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
