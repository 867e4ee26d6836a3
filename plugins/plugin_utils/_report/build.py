# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the report of a cluster from what its hosts said.

Private to this collection. No I/O here. What isn't as it should be is told by _report_problems.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .model import (
    DEGRADED,
    DOWN,
    HEALTHY,
    PARTS,
    SEVERITIES,
    HostRow,
    Item,
    Limits,
    Look,
    Problem,
    Report,
    Row,
    in_order,
)
from .rules import problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MOST_RELEASES = 5
# What an update tries beside what runs.
_TRIAL = "trial"


def report_of(
    cluster: str,
    looks: Sequence[Look],
    limits: Limits,
    at: str,
    previous: Mapping[str, Any] | None = None,
) -> Report:
    """Return the report.

    Args:
        cluster: its name.
        looks: what its hosts said.
        limits: what is still as it should be.
        at: when, in ISO 8601.
        previous: the JSON document of the report before; None without one.
    """
    rows = in_order([row for look in looks for row in _rows(look)])
    problems = sorted(
        problems_of(cluster, looks, rows, limits, _backlog(previous)),
        key=lambda problem: SEVERITIES.index(problem.severity),
        reverse=True,
    )
    parts = tuple(part for part in PARTS if any(part in (*look.results, *look.failures) for look in looks))
    telegrams = [look.results["telegram"] for look in looks if "telegram" in look.results]
    return Report(
        cluster=cluster,
        at=at,
        parts=parts,
        verdict=_verdict(problems),
        problems=tuple(problems),
        instances=tuple(replace(row, severity=_severity(row, problems)) for row in rows),
        hosts=tuple(
            HostRow(look.host, look.unreachable is None, _plain(look.results.get("resources")))
            for look in looks
        ),
        limits=limits,
        endpoints=tuple({"host": look.host, **each} for look in looks for each in look.items("endpoints")),
        telegram=_telegram(telegrams[0]) if telegrams else None,
        releases=tuple(_releases(looks)),
    )


def with_advice(report: Report, expand: Callable[[str], str]) -> Report:
    """Return the report with its problems' advice as an operator can copy it."""
    problems = tuple(replace(each, advice=expand(each.advice)) for each in report.problems)
    return replace(report, problems=problems)


def _rows(look: Look) -> list[Row]:
    """One for each container that is there or should be."""
    pollers = {each["name"]: each for each in look.items("pollers")}
    logs = {each["name"]: each for each in look.items("logs", "instances")}
    answers = {each["name"]: each for each in look.items("endpoints")}
    found = [each for each in look.items("instances") if each["component"] != _TRIAL]
    rows = []
    for each in found:
        name = each["name"]
        poller, log = pollers.get(name, {}), logs.get(name, {})
        rows.append(
            Row(
                name=name,
                host=look.host,
                component=each["component"],
                state=each["state"],
                health=each["health"],
                role=poller.get("role"),
                up_s=each["age_s"],
                restarts=each["restarts"],
                memory_bytes=each.get("memory_bytes"),
                memory_limit_bytes=each.get("memory_limit_bytes"),
                cpu_pct=each.get("cpu_pct"),
                poll_age_s=poller.get("poll_age_s"),
                answer_s=answers.get(name, {}).get("elapsed_s"),
                errors=log.get("errors"),
                last_error=log.get("last_error"),
                image=each["image"],
            )
        )
    there = {row.name for row in rows}
    state = "missing" if "instances" in look.results else "unknown"
    return rows + [
        Row(each.name, look.host, each.component, state) for each in look.wanted if each.name not in there
    ]


def _severity(row: Row, problems: Sequence[Problem]) -> str | None:
    """The worst of what is said of a container."""
    mine = (each.severity for each in problems if (each.subject, each.host) == (row.name, row.host))
    return max(mine, key=SEVERITIES.index, default=None)


def _verdict(problems: Sequence[Problem]) -> str:
    severities = {problem.severity for problem in problems}
    return DOWN if DOWN in severities else DEGRADED if DEGRADED in severities else HEALTHY


def _backlog(previous: Mapping[str, Any] | None) -> int | None:
    """Updates that waited at Telegram when the report before was made."""
    telegram = (previous or {}).get("telegram")
    pending = telegram.get("pending") if isinstance(telegram, dict) else None
    return pending if isinstance(pending, int) else None


def _telegram(result: Mapping[str, Any]) -> Item:
    bot, webhook = result["bot"], result["webhook"]
    return {
        "username": bot["username"],
        "name": bot.get("first_name"),
        "id": bot["id"],
        "webhook": webhook["url"],
        "pending": webhook["pending_update_count"],
        "last_error": webhook.get("last_error_message"),
    }


def _releases(looks: Sequence[Look]) -> list[Item]:
    for look in looks:
        if "releases" in look.results:
            return look.items("releases")[::-1][:_MOST_RELEASES]
    return []


def _plain(result: Mapping[str, Any] | None) -> Item | None:
    """A module's result without what Ansible adds."""
    if result is None:
        return None
    return {key: result[key] for key in ("load", "memory", "disks", "engine", "problems") if key in result}
