# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inputs of the collection's roles, and what is wrong with a value. Private to this collection.

The roles' meta/argument_specs.yml say what each input is; here is what an argument spec can't say, and what
Ansible's own validation lets pass: it makes text of a list, and splits text at commas where a list is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .quantities import check_healthcheck, check_size
from .values import UnfitValue, command_words, environment_strings, kind_of, proxy_text

COLLECTION = Path(__file__).resolve().parents[3]
_SPECS = Path("meta") / "argument_specs.yml"
_EXPECTED = {
    "str": "text",
    "path": "a path",
    "int": "a whole number of at least 0",
    "float": "a number of at least 0",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dictionary",
}
_NUMBERS = {"int": int, "float": float}
# A question of AWX that nobody has answered is empty text.
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "1", "0", "")
_HIGHEST_PORT = 65_535
# Of these no value is shown, whatever it is.
_SECRET = ("token", "password", "secret", "key", "url", "proxy", "environment", "command")


@dataclass(frozen=True)
class Input:
    """One input by its name, with what the argument spec says of it.

    Those of playbooks are given with -e, where a list is text with commas.
    """

    name: str
    spec: Mapping[str, Any]
    of_playbook: bool = False

    def check(self, value: Any) -> None:
        """Raise UnfitValue when it can't have this value."""
        if self.name.endswith("_command"):
            command_words(value)
        elif self.name.endswith("_environment") and self._kind == "dict":
            environment_strings(value)
        elif self.name.endswith("_proxy") and self._kind == "str":
            proxy_text(value)
        elif self.of_playbook and self._kind == "list" and isinstance(value, str):
            self._check_kind([part.strip() for part in value.split(",")])
        elif self._kind != "raw":
            self._check_kind(value)
        if self._kind == "str":
            check_size(self.name, value)
        elif self._kind == "dict" and self.name.endswith("_healthcheck"):
            check_healthcheck(value)

    @property
    def _kind(self) -> str:
        return str(self.spec.get("type", "str"))

    @property
    def _is_port(self) -> bool:
        return self._kind == "int" and self.name.endswith("_port")

    @property
    def _is_hidden(self) -> bool:
        return bool(self.spec.get("no_log")) or any(part in self.name for part in _SECRET)

    def _check_kind(self, value: Any) -> None:
        expected = f"a port from 0 to {_HIGHEST_PORT}" if self._is_port else _EXPECTED[self._kind]
        parts = self._kind in ("list", "dict")
        choices = [str(choice) for choice in self.spec.get("choices") or ()]
        if choices and not parts and str(value) not in choices:
            raise UnfitValue(f"one of {', '.join(choices)}", self._shown(value))
        if value is None or not self._fits(value):
            raise UnfitValue(expected, self._shown(value))
        if parts:
            # What Ansible says of the elements, and of the options in them.
            told = ArgumentSpecValidator({self.name: dict(self.spec)}).validate({self.name: value})
            if told.error_messages:
                found = kind_of(value) if self._is_hidden else str(told.error_messages[0])
                raise UnfitValue(f"{expected} as documented", found)

    def _fits(self, value: Any) -> bool:
        if self._kind in _NUMBERS:
            try:
                number = _NUMBERS[self._kind](value)
            except (TypeError, ValueError, OverflowError):
                return False
            whole = self._kind == "float" or not isinstance(value, float) or value == number
            return (
                whole
                and not isinstance(value, bool)
                and 0 <= number <= (_HIGHEST_PORT if self._is_port else number)
            )
        if self._kind == "bool":
            return isinstance(value, bool) or str(value).lower() in _BOOLEANS
        if self._kind in ("list", "dict"):
            return isinstance(value, Mapping if self._kind == "dict" else (list, tuple))
        return not isinstance(value, (bool, Mapping, list, tuple))

    def _shown(self, value: Any) -> str:
        if self._is_hidden or value is None or isinstance(value, (Mapping, list, tuple)):
            return kind_of(value)
        return repr(str(value)) if isinstance(value, str) else str(value)


def inputs_of(roles: Iterable[str], collection: Path = COLLECTION) -> list[Input]:
    """Return the inputs of the playbooks and of roles, each once, by all entry points that they have.

    Raises:
        UnfitValue: when there is no such role.
    """
    found: dict[str, Input] = {}
    for part in ("playbooks", *(f"roles/{role}" for role in roles)):
        path = collection / part / _SPECS
        if not path.is_file():
            raise UnfitValue("names of this collection's roles", part)
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            for name, spec in (entry.get("options") or {}).items():
                found.setdefault(name, Input(name, spec, part == "playbooks"))
    return list(found.values())
