# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images belong to no kept release, on an engine and in a registry.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def repository_of(reference: str) -> str:
    """A reference without tag and digest; a port isn't taken for a tag."""
    name = reference.partition("@")[0]
    place, slash, last = name.rpartition("/")
    return f"{place}{slash}{last.partition(':')[0]}"


def digests_of(references: Iterable[str]) -> set[str]:
    """The digests that references name."""
    return {reference.partition("@")[2] for reference in references if "@" in reference}


@dataclass(frozen=True)
class EngineImage:
    """One image of an engine.

    Args:
        names: its tags and digests, in full.
    """

    id: str
    names: tuple[str, ...]

    @classmethod
    def read(cls, listed: Mapping[str, Any]) -> EngineImage:
        """Read an entry of the engine's list."""
        names = [*(listed.get("RepoTags") or ()), *(listed.get("RepoDigests") or ())]
        return cls(str(listed["Id"]), tuple(name for name in names if "<none>" not in name))

    def names_in(self, repositories: Collection[str]) -> tuple[str, ...]:
        return tuple(name for name in self.names if repository_of(name) in repositories)


def engine_surplus(
    images: Iterable[EngineImage], repositories: Collection[str], keep: Iterable[str], used: Collection[str]
) -> list[str]:
    """Return the names to take from an engine's images; who loses the last one is gone.

    Args:
        images: all of the engine.
        repositories: names outside of these are left alone.
        keep: references by digest of the kept releases.
        used: ids of the images that containers use.
    """
    kept = digests_of(keep)
    surplus: list[str] = []
    for image in images:
        if image.id not in used and not kept & digests_of(image.names):
            surplus.extend(image.names_in(repositories))
    return surplus


def in_use(images: Iterable[EngineImage], repositories: Collection[str], used: Collection[str]) -> list[str]:
    """Return the references by digest of the images that containers use."""
    names = (name for image in images if image.id in used for name in image.names_in(repositories))
    return sorted(name for name in names if "@" in name)


def registry_surplus(there: Iterable[str], known: Iterable[str], keep: Iterable[str]) -> list[str]:
    """Return the digests to delete from one repository.

    Args:
        there: digests that its tags stand for.
        known: references by digest of former releases, whose tags may have moved on.
        keep: references by digest of the kept releases, and of what containers use.
    """
    return sorted(({*there} | digests_of(known)) - digests_of(keep))
