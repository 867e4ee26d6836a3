"""Bring tests/sanity/ignore-*.txt up to date; run it after the gate "sanity", whose log it reads.

Entries that are no longer needed go. Entries come only for what never matters to a program that isn't
Ansible's (NEVER_MATTERS); anything else is mended, or entered by hand with its reason.
"""

from __future__ import annotations

import re
import sys

from workspace import CACHE, ROOT, files

# Of ansible-test's tests with their codes, and why.
NEVER_MATTERS = {
    "pylint:disallowed-name": '"_" is the usual name for what is not used; Ansible keeps it for gettext',
}
# Where ansible-lint allows no such entries.
STRICT = ("plugins/", "roles/")
VERSIONS = ("2.18", "2.19")
_FOUND = re.compile(r"ERROR: (\S+?):\d+:\d+: ([a-z-]+): ")
_UNNECESSARY = re.compile(r"Ignoring '([a-z-]+)' on '([^']+)' is unnecessary")


def updated(entries: list[str], log: str, existing: set[str]) -> list[str]:
    """Return the entries that a log of the gate asks for, in order."""
    needless = {(match[2], match[1]) for match in _UNNECESSARY.finditer(log)}
    kept = []
    for entry in entries:
        path, code = entry.split(maxsplit=2)[:2]
        if path in existing and (path, code.partition(":")[2]) not in needless:
            kept.append(entry)
    for match in _FOUND.finditer(log):
        path, code = match[1], f"pylint:{match[2]}"
        if code in NEVER_MATTERS and not path.startswith(STRICT):
            kept.append(f"{path} {code} # {NEVER_MATTERS[code]}")
    return sorted(set(kept))


def main() -> int:
    log = (CACHE / "sanity.log").read_text()
    existing = {str(path) for path in files()}
    for version in VERSIONS:
        path = ROOT / "tests/sanity" / f"ignore-{version}.txt"
        before = path.read_text().splitlines() if path.exists() else []
        after = updated(before, log, existing)
        path.write_text("".join(f"{entry}\n" for entry in after))
        print(f"{path.relative_to(ROOT)}: {len(after)} entries, were {len(before)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
