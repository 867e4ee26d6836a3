# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a folder goes into the build of an image: which files, their digest, their archive.

Private to this collection. Rules are those of Docker's .dockerignore. Of a file's mode only the execute
bit counts, as in git, so that two controllers with different umasks make the same image.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

IGNORE_FILE = ".dockerignore"
_CHUNK = 1 << 20


class SourceError(Exception):
    """A folder or file that can't be read; the message names it."""


@dataclass(frozen=True)
class _Rule:
    """One line: paths that match are ignored, or kept when the line began with '!'."""

    pattern: str
    expression: re.Pattern[str]
    keeps: bool


class IgnoreRules:
    """The lines of a .dockerignore; the last that matches a path, or a folder above it, decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read lines; comments, blank lines and lines that name the root itself say nothing."""
        self._rules = tuple(rule for line in lines if (rule := _rule(line)) is not None)

    def ignores(self, path: str) -> bool:
        """Say whether a path, relative to the root and with forward slashes, stays out."""
        ignored = False
        for rule in self._rules:
            if rule.keeps == ignored and rule.expression.fullmatch(path):
                ignored = not rule.keeps
        return ignored

    def keeps_below(self, folder: str) -> bool:
        """Say whether an ignored folder has to be looked into, for a '!' line that names something in it."""
        return any(rule.keeps and rule.pattern.startswith(f"{folder}/") for rule in self._rules)


def _rule(line: str) -> _Rule | None:
    text = line.lstrip("\ufeff").strip()
    if text.startswith("#"):
        return None
    keeps = text.startswith("!")
    pattern = posixpath.normpath(text.removeprefix("!").strip() or ".").lstrip("/")
    if pattern in ("", "."):
        return None
    try:
        return _Rule(pattern, re.compile(_expression(pattern)), keeps)
    except re.error:
        raise SourceError(
            f"ignore rule {text!r}: expected a pattern of a .dockerignore; it is none"
        ) from None


def _expression(pattern: str) -> str:
    """Translate a pattern to a regular expression that also matches everything below what it names."""
    expression = ""
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            expression, at = expression + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            expression, at = expression + ".*", at + 2
        elif pattern[at] == "*":
            expression, at = expression + "[^/]*", at + 1
        elif pattern[at] == "?":
            expression, at = expression + "[^/]", at + 1
        elif pattern[at] == "[":
            end = pattern.find("]", at + 1)
            if end < 0:
                raise re.error("missing ]")
            expression, at = expression + pattern[at : end + 1], end + 1
        elif pattern[at] == "\\" and at + 1 < len(pattern):
            expression, at = expression + re.escape(pattern[at + 1]), at + 2
        else:
            expression, at = expression + re.escape(pattern[at]), at + 1
    return f"(?s:{expression}(?:/.*)?)"


@dataclass(frozen=True, order=True)
class Entry:
    """A file, folder or link of a tree; path is relative to its root, with forward slashes."""

    path: str
    kind: str
    executable: bool = False
    target: str = ""


@dataclass(frozen=True)
class SourceTree:
    """What goes into a build of a folder, in the order of its paths."""

    root: Path
    entries: tuple[Entry, ...]

    @classmethod
    def scan(cls, root: Path, exclude: Iterable[str] = ()) -> SourceTree:
        """Read a folder, without what exclude and then its .dockerignore name; raise SourceError."""
        ignore_file = root / IGNORE_FILE
        try:
            lines = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.is_file() else []
            # The file itself stays here: it has been obeyed, and a build must not differ by it.
            rules = IgnoreRules([*exclude, *lines, IGNORE_FILE])
            return cls(root, tuple(sorted(_walk(root, "", rules))))
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{root}: expected to read it; found: {error}") from error

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of every path, kind, execute bit and content."""
        whole = hashlib.sha256()
        for entry in self.entries:
            content = file_digest(self.root / entry.path) if entry.kind == "file" else entry.target
            record = (entry.path, entry.kind, "x" if entry.executable else "-", content)
            whole.update("\0".join(record).encode("utf-8", "surrogateescape") + b"\n")
        return whole.hexdigest()


def _walk(root: Path, below: str, rules: IgnoreRules) -> Iterator[Entry]:
    for child in (root / below).iterdir():
        path = f"{below}/{child.name}" if below else child.name
        ignored = rules.ignores(path)
        if child.is_symlink():
            if not ignored:
                yield Entry(path, "link", target=str(child.readlink()))
        elif child.is_dir():
            if not ignored:
                yield Entry(path, "folder")
            if not ignored or rules.keeps_below(path):
                yield from _walk(root, path, rules)
        elif child.is_file() and not ignored:  # Sockets and devices can't be built from.
            yield Entry(path, "file", executable=bool(child.stat().st_mode & 0o100))


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal; raise SourceError."""
    try:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: expected to read it; found: {error.strerror}") from error


def write_archive(dest: Path, trees: Mapping[str, SourceTree], files: Mapping[str, Path]) -> int:
    """Write a gzipped tar with trees and single files under the names given; return its size in bytes."""
    try:
        with tarfile.open(dest, "w:gz", compresslevel=6) as archive:
            for name, tree in trees.items():
                _add(archive, name, tree.root, Entry(name, "folder"))
                for entry in tree.entries:
                    _add(archive, f"{name}/{entry.path}", tree.root / entry.path, entry)
            for name, path in files.items():
                _add(archive, name, path, Entry(name, "file"))
        return dest.stat().st_size
    except OSError as error:
        raise SourceError(f"{dest}: expected to write it; found: {error}") from error


def _add(archive: tarfile.TarFile, name: str, path: Path, entry: Entry) -> None:
    info = tarfile.TarInfo(name)
    info.mtime = int(path.lstat().st_mtime)
    info.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
    if entry.kind == "file":
        info.size = path.stat().st_size
        with path.open("rb") as stream:
            archive.addfile(info, stream)
        return
    info.type = tarfile.DIRTYPE if entry.kind == "folder" else tarfile.SYMTYPE
    info.linkname = entry.target
    archive.addfile(info)
