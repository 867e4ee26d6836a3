# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in which a cluster keeps its lock, its log and its releases.

Private to this collection. Only root can read them, none is ever seen half-written, and of all processes of
the host one at a time works on them.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock.json"
AUDIT = "audit.log"
RELEASES = "releases"
CURRENT = "current"

_HOME_MODE = 0o750  # As the role cluster makes it.
_RELEASES_MODE = 0o700
_LOOK_AGAIN = 0.02
# More than the lines of a run that is still going on.
_TAIL = 1 << 20


class FilesError(Exception):
    """The files can't be used; the text says which, and what was expected and found."""


class Files:
    """The files below a cluster's folder. Every method raises FilesError.

    Args:
        home: the folder; made when something is first written.
        patience: seconds to wait for another process that works on the files.
    """

    def __init__(self, home: str, patience: float = 10.0) -> None:
        self.home = Path(home)
        self._patience = patience

    @contextmanager
    def alone(self, *, make: bool) -> Iterator[None]:
        """Keep other processes away; without a folder, and when none is to be made, there is no need."""
        if make:
            with self._failures(self.home, "a folder"):
                self.home.mkdir(mode=_HOME_MODE, parents=True, exist_ok=True)
        if not self.home.is_dir():
            yield
            return
        with self._failures(self.home, "a folder that can be read"):
            folder = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._wait_for(folder)
            yield
        finally:
            os.close(folder)

    def _wait_for(self, folder: int) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                # The kernel lets go of it when the process ends, however it does.
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise FilesError(
                        f"{self.home}: expected to work on it within {self._patience:g} s, found that "
                        "another process does. Run again when it has ended."
                    ) from None
                time.sleep(_LOOK_AGAIN)
            else:
                return

    def read(self, name: str) -> str | None:
        """Return a file's text, None when there is none. What isn't UTF-8 becomes what isn't JSON."""
        path = self.home / name
        with self._failures(path, "a file that can be read"):
            try:
                return path.read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                return None

    def write(self, name: str, text: str) -> None:
        """Put a file in place as a whole: a reader, even after a power cut, finds the old or the new one."""
        path = self.home / name
        with self._failures(path, "to write it"):
            if path.parent != self.home:
                path.parent.mkdir(mode=_RELEASES_MODE, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)  # noqa: PTH105 - a string already
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)  # noqa: PTH108
                raise
            self._sync(path.parent)

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone is no fault."""
        path = self.home / name
        with self._failures(path, "to remove it"), suppress(FileNotFoundError):
            path.unlink()
            self._sync(path.parent)

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder; none when there is no such folder."""
        path = self.home / folder
        with self._failures(path, "a folder that can be read"), suppress(FileNotFoundError):
            return sorted(entry.name for entry in path.iterdir())
        return []

    def log(self, entries: list[dict[str, Any]]) -> None:
        """Add lines to the log."""
        path = self.home / AUDIT
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        with self._failures(path, "to write to it"):
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                end = os.fstat(descriptor).st_size
                # After a power cut the last line may lack its end, which shall cost that line alone.
                whole = end == 0 or os.pread(descriptor, 1, end - 1) == b"\n"
                file.write((lines if whole else f"\n{lines}").encode())
                file.flush()
                os.fsync(file.fileno())

    def logged(self) -> list[dict[str, Any]]:
        """The last entries of the log, oldest first; what isn't one is left out."""
        path = self.home / AUDIT
        with self._failures(path, "a file that can be read"):
            try:
                with path.open("rb") as file:
                    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                    lines = file.read().splitlines()
            except FileNotFoundError:
                return []
        return [entry for entry in map(parsed, lines) if entry is not None]

    @staticmethod
    def _sync(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @staticmethod
    @contextmanager
    def _failures(path: Path, expected: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            found = error.strerror or type(error).__name__
            raise FilesError(f"{path}: expected {expected}, found: {found}. Run the task as root.") from None


def parsed(text: str | bytes | None) -> dict[str, Any] | None:
    """The JSON object that a text is; None when it is none."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def pretty(value: dict[str, Any]) -> str:
    """JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
