# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of a cluster: their records, and which of them can be gone back to.

Private to this collection.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .store import CURRENT, RELEASES, Files, parsed, pretty

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILE = re.compile(r"([1-9][0-9]{0,8})\.json")


class ReleaseError(Exception):
    """A release can't be had; the text says which, what was expected and found, and what to do."""


@dataclass(frozen=True)
class Release:
    """One record.

    Args:
        images: component to reference by digest.
        at: when, by the host's clock, in ISO 8601.
        source: what it was built from.
        migrations_reversible: whether the release before can run on the database as this one left it.
        rolled_back_from: number of the release that was left to go back to this one; 0 for none.
    """

    number: int
    name: str
    images: dict[str, str]
    at: str
    by: str
    source: str
    action: str
    migrations_reversible: bool = True
    rolled_back_from: int = 0

    @classmethod
    def read(cls, number: int, content: dict[str, Any] | None) -> Release | None:
        """Read a file's content; None when it is no record."""
        if content is None or not isinstance(content.get("images"), dict):
            return None
        known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        images = {str(name): str(image) for name, image in content["images"].items()}
        texts = {name: str(content.get(name, "")) for name in ("name", "at", "by", "source", "action")}
        return cls(**{**known, **texts, "number": number, "images": images})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.number} ({self.name}, {self.at[:10]})"


@dataclass(frozen=True)
class Releases:
    """All releases up to the current one, oldest first. Records after it were never finished: none counts."""

    all: tuple[Release, ...] = ()

    @property
    def current(self) -> Release | None:
        return self.all[-1] if self.all else None

    def kept(self, keep: int) -> tuple[Release, ...]:
        return self.all[-keep:]

    def dropped(self, keep: int) -> tuple[Release, ...]:
        """Those before the kept ones."""
        return self.all[:-keep]

    def next(self, wanted: Release) -> Release | None:
        """Give a record its number, and a name if it has none; None when the current one has its images."""
        current = self.current
        if current is not None and current.images == wanted.images:
            return None
        number = current.number + 1 if current else 1
        return replace(wanted, number=number, name=wanted.name or str(number))

    def find(self, wanted: str, *, force: bool) -> Release:
        """Return the release to go back to.

        Args:
            wanted: its number or name; empty for the one before the current.
            force: whether one from before migrations that can't be undone will do.
        """
        current = self.current
        if current is None:
            raise ReleaseError(f"expected {wanted or 'one before the current'}, found none at all")
        found = self._named(wanted) if wanted else self._before(current)
        if found is None:
            raise ReleaseError(
                f"expected {f'release {wanted}' if wanted else f'one before release {current}'}, found "
                f"{', '.join(map(str, self.all))}. Name one of these"
            )
        barriers = [one for one in self.all if one.number > found.number and not one.migrations_reversible]
        if barriers and not force:
            raise ReleaseError(
                f"release {found}: expected that all migrations after it can be undone, found that those of "
                f"{', '.join(map(str, barriers))} can't. Restore the database as it was, or see to it that "
                "the old code runs on the new one, and go on with -e release_force=true"
            )
        return found

    def _named(self, wanted: str) -> Release | None:
        newest = self.all[::-1]
        by_number = (one for one in newest if str(one.number) == wanted)
        return next(by_number, None) or next((one for one in newest if one.name == wanted), None)

    def _before(self, release: Release) -> Release | None:
        """The one before, and never the one that was left for it: to go back twice is to go back further."""
        earlier = [one for one in self.all if one.number < release.number]
        if release.rolled_back_from:
            same = [one for one in earlier if one.images == release.images]
            return self._before(same[-1]) if same else None
        return earlier[-1] if earlier else None


def current_number(files: Files) -> int | None:
    """Number of the release that is deployed; None when there is none."""
    text = (files.read(f"{RELEASES}/{CURRENT}") or "").strip()
    return int(text) if text.isdecimal() else None


def load(files: Files) -> Releases:
    """Read all records; one that can't be read is left out."""
    numbers = [int(match[1]) for name in files.names(RELEASES) if (match := _FILE.fullmatch(name))]
    records = [Release.read(number, parsed(files.read(_path(number)))) for number in sorted(numbers)]
    known = [one for one in records if one is not None]
    last = current_number(files)
    if last is None and known:
        last = known[-1].number
    return Releases(tuple(one for one in known if one.number <= (last or 0)))


def store(files: Files, release: Release) -> None:
    """Make a release the current one: its record first, so that the number never names what isn't there."""
    files.write(_path(release.number), pretty(release.as_dict()))
    files.write(f"{RELEASES}/{CURRENT}", f"{release.number}\n")


def forget(files: Files, releases: Iterable[Release]) -> None:
    """Remove records."""
    for release in releases:
        files.remove(_path(release.number))


def images_of(releases: Iterable[Release]) -> list[str]:
    """All references of some releases, each once."""
    return sorted({image for release in releases for image in release.images.values()})


def _path(number: int) -> str:
    return f"{RELEASES}/{number}.json"
