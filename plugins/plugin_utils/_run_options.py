# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which part of a playbook the options of ansible-playbook select, and which of them can't be honored.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Names of Ansible's own: these would skip tasks, whichever tags they have.
_SPECIAL_SKIP_TAGS = ("all", "always", "tagged", "untagged")


@dataclass(frozen=True)
class RunOptions:
    """Options of ansible-playbook, as the user gave them.

    Attributes:
        tags: of --tags; C(all) without.
        skip_tags: of --skip-tags.
        start_at_task: of --start-at-task, or nothing.
        limit: of --limit, or nothing.
    """

    tags: Sequence[str] = ("all",)
    skip_tags: Sequence[str] = ()
    start_at_task: str = ""
    limit: str = ""


def refuse_start_at_task(options: RunOptions) -> None:
    """Refuse to start in the middle.

    Raises:
        ValueError: --start-at-task is given.
    """
    if options.start_at_task:
        raise ValueError(
            "--start-at-task: expected none, since each task needs what those before it find out; found "
            f'"{options.start_at_task}". Run the whole playbook: after a failure it resumes by itself.'
        )


def refuse_limit(options: RunOptions, needed: Iterable[str], within: Iterable[str]) -> None:
    """Refuse a limit that excludes hosts of the cluster.

    Args:
        options: the options.
        needed: hosts that the playbook needs.
        within: hosts that the limit includes.

    Raises:
        ValueError: a host that is needed is excluded.
    """
    excluded = sorted(set(needed) - set(within)) if options.limit else []
    if excluded:
        raise ValueError(
            f"--limit {options.limit}: expected all hosts of the cluster, since a run is of all of them; "
            f"found that it excludes {', '.join(excluded)}. Run it without --limit."
        )


def selected_parts(
    options: RunOptions, selectable: Sequence[str], needs: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the parts that --tags and --skip-tags select, with those that they need.

    Without such options none are returned.

    Args:
        options: the options.
        selectable: the parts that can be selected.
        needs: for a part, the parts that it can't do without.

    Raises:
        ValueError: a tag is no part's, or a part is skipped that a selected one needs, or nothing is left.
    """
    _refuse_unknown("--tags", set(options.tags) - {"all", *selectable}, selectable)
    _refuse_unknown("--skip-tags", set(options.skip_tags) & set(_SPECIAL_SKIP_TAGS), selectable)
    skipped = [part for part in selectable if part in options.skip_tags]
    asked = [part for part in selectable if "all" in options.tags or part in options.tags]
    if not skipped and "all" in options.tags:
        return []
    parts = [part for part in asked if part not in skipped]
    for part in parts:
        missing = [each for each in needs.get(part, ()) if each in skipped]
        if missing:
            raise ValueError(
                f"--skip-tags {','.join(skipped)}: expected {part} to be skipped too, since it needs "
                f"{', '.join(missing)}; found that it is not."
            )
    if not parts:
        raise ValueError(f"--skip-tags {','.join(skipped)}: expected a part to be left, found none.")
    return list(dict.fromkeys([*parts, *(each for part in parts for each in needs.get(part, ()))]))


def _refuse_unknown(option: str, unknown: Iterable[str], selectable: Sequence[str]) -> None:
    found = ", ".join(sorted(unknown))
    if found:
        expected = f"some of {', '.join(selectable)}" if selectable else "none"
        raise ValueError(f"{option}: expected {expected}; found {found}.")
