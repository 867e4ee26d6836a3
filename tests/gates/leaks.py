"""The gate for what must not be in a public repository: secrets, and traces of a machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workspace import ROOT, Job, files

# Written as expressions, so that this file doesn't hold what it looks for.
PATTERNS = {
    "host of a package registry (the clients' defaults know it)": re.compile(
        r"\b(?:deb\.debian\.org|security\.debian\.org|archive\.ubuntu\.com|pypi\.org|pypi\.python\.org|"
        r"files\.pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org|static\.crates\.io)\b",
        re.IGNORECASE,
    ),
    "what looks like a real bot token (tests make their own)": re.compile(
        r"\b[1-9][0-9]{7,9}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"
    ),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"),
}
# Folders that are everybody's say nothing about a machine.
COMMON = {Path(name) for name in ("/", "/home", "/opt", "/root", "/srv", "/tmp", "/var", "/var/tmp")}  # noqa: S108


def machine_paths(root: Path, home: Path) -> list[str]:
    """The paths that give this machine away."""
    return [f"{path}/" for path in dict.fromkeys((root, root.parent, home)) if path not in COMMON]


def find(text: str, paths: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the line number and the kind of everything that shouldn't be there."""
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, kind
    for path in paths:
        for match in re.finditer(rf"(?<!\w){re.escape(path)}", text):
            yield text.count("\n", 0, match.start()) + 1, f"a path of this machine ({path})"


def gate(job: Job) -> None:
    """No registry host, token, private key or path of this machine in any file."""
    paths = machine_paths(ROOT, Path.home())
    for path in files():
        if not (ROOT / path).is_file():
            continue
        content = (ROOT / path).read_bytes()
        if b"\0" in content:
            continue
        for line, kind in find(content.decode(errors="replace"), paths):
            job.fail(f"{path}:{line}: {kind}")
