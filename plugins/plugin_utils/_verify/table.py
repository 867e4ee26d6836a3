# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A list of checks as people read it: what is well in short, what isn't last and in full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...module_utils._core.findings import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# In this order, so that what needs somebody stands last on a terminal.
WORDS = {"passed": "ok", "skipped": "skipped", "warned": "WARNING", "failed": "FAILED"}
FIELDS = ("check", "subject", "status", "expected", "found", "advice", "reason")


@dataclass(frozen=True)
class HostCheck:
    """A check and the host on which it was made."""

    host: str
    check: Check


def read(entries: Sequence[object]) -> list[HostCheck]:
    """Return the checks that a playbook hands over; raise ValueError for what is none."""
    read_ones = []
    for entry in entries:
        if not isinstance(entry, dict) or not {"host", "check", "subject", "status"} <= set(entry):
            raise ValueError(f"checks: expected host, check, subject and status in each, found {entry!r}")
        unknown = set(entry) - {"host", *FIELDS}
        if unknown:
            raise ValueError(f"checks: expected none but host, {', '.join(FIELDS)}, found {sorted(unknown)}")
        check = Check(**{name: str(entry[name]) for name in FIELDS if name in entry})
        read_ones.append(HostCheck(str(entry["host"]), check))
    return read_ones


def with_advice(checks: Sequence[HostCheck], expand: Callable[[str], str]) -> list[HostCheck]:
    """Return the checks with their advice as an operator can copy it."""
    return [replace(each, check=replace(each.check, advice=expand(each.check.advice))) for each in checks]


def counts(checks: Sequence[HostCheck]) -> dict[str, int]:
    """Return how many checks there are of each status."""
    return {status: sum(each.check.status == status for each in checks) for status in WORDS}


def sentence(check: Check) -> str:
    """Return what was found; of what isn't well also what was expected, and what to do."""
    if check.status in ("passed", "skipped"):
        return check.found or check.expected
    said = "; ".join(
        part
        for part in (
            f"expected {check.expected}" if check.expected else "",
            f"found {check.found}" if check.found else "",
        )
        if part
    )
    said = said.rstrip(".") + "."
    return f"{said} {check.advice}".strip()


def lines(title: str, checks: Sequence[HostCheck]) -> list[str]:
    """Return the whole report, a line for each check and one that sums up."""
    rows = [
        (WORDS[status], each.host, f"{each.check.check} {each.check.subject}".strip(), sentence(each.check))
        for status in WORDS
        for each in checks
        if each.check.status == status
    ]
    word = max((len(row[0]) for row in rows), default=0)
    host = max((len(row[1]) for row in rows), default=0)
    listed = [
        f"  {said:<{word}}  {where:<{host}}  {what}" + (f": {how}" if how else "")
        for said, where, what, how in rows
    ]
    return ["", *listed, "", summary(title, checks)]


def summary(title: str, checks: Sequence[HostCheck]) -> str:
    """Return one sentence for all: how many, and the names of those that failed."""
    number = counts(checks)
    failed = [
        f"{each.check.check} {each.check.subject}".strip() + f" ({each.host})"
        for each in checks
        if each.check.status == "failed"
    ]
    told = ", ".join(
        f"{count} {word}"
        for status, word in (("passed", "passed"), ("warned", "warned"), ("skipped", "skipped"))
        if (count := number[status])
    )
    if not checks:
        return f"{title}: nothing was checked."
    if not failed:
        return f"{title}: {told}."
    return f"{title}: {len(failed)} failed: {', '.join(failed)}. " + (
        f"{told[0].upper()}{told[1:]}." if told else ""
    )
