# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the value of an input stands, so that a message can name the file. Private to this collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import context

from .._launch import Launch
from .specs import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    # Only there does ansible-core 2.19 keep it; without it the advice is less exact.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

_SECRET = re.compile(r"'vault_\w+'")


def place_of(name: str, value: Any, variables: Mapping[str, Any], found: str = "") -> str:
    """Return where an input is to be set, in words that fit behind "in": a file, and its line if known.

    Args:
        name: of the input.
        value: not templated. Numbers, true and false have no place in every ansible-core.
        variables: of the host.
        found: what is wrong; where a variable of a vault is missing, it belongs in the vault beside.
    """
    if Launch.of_run(variables).is_job:
        return "the job's inventory or job template"
    if _given_with_option(name):
        return "the option -e of this run"
    file, line = _origin(value)
    folder = variables.get("inventory_dir")
    if file is None or is_default(value):
        if not folder:
            return "the variables of the host or of one of its groups"
        file, line = Path(str(folder)) / "group_vars" / "all" / "main.yml", 0
    if _SECRET.search(found):
        file, line = file.with_name("vault.yml"), 0
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return f"{shown}:{line}" if line else str(shown)


def is_default(value: Any) -> bool:
    """Return whether a value is a role's default, which is wrong only where an input in it is."""
    file = _origin(value)[0]
    # Playbooks find the roles through a link.
    return file is not None and file.resolve().is_relative_to(COLLECTION / "roles")


def _given_with_option(name: str) -> bool:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}[\"']?\s*[=:]")
    given = (str(text) for text in context.CLIARGS.get("extra_vars") or ())
    return any(pattern.search(text) for text in given if not text.startswith("@"))


def _origin(value: Any) -> tuple[Path | None, int]:
    """File and line of a value, as ansible-core 2.19 or an older one keeps them."""
    origin = Origin.get_tag(value) if Origin is not None else None
    if origin is not None:
        path, line = origin.path, origin.line_num
    else:
        path, line = (*getattr(value, "ansible_pos", ()), None, None)[:2]
    file = Path(str(path)) if path else None
    return (file, int(line or 0)) if file is not None and file.is_file() else (None, 0)
