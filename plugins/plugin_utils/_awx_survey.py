# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions of an AWX survey, made of what argument specs say of a variable.

Private to this collection, for its lookup awx_survey. Reads nothing; the lookup has the files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENTRY = "main"
_PLACE = re.compile(
    r"(?P<place>[a-z][a-z0-9_]*)(?::(?P<entry>[a-z][a-z0-9_]*))?\.(?P<option>[a-z][a-z0-9_]*)"
)
# The marks of documentation: V(value), O(name=value), O(collection.role#role:main:name), L(text, address).
_MARK = re.compile(r"\b(?:[BCEIOPUV]|RV|L)\(([^()]*)\)")
_TEXT = {"str": "text", "path": "text", "raw": "text", "int": "integer", "float": "float"}
YES, NO = "true", "false"


@dataclass(frozen=True)
class Place:
    """Where an argument spec says what a variable is.

    Args:
        place: a role, or "playbooks".
        entry: entry point of the role, or the playbook.
        option: the variable.
    """

    place: str
    entry: str
    option: str

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read "role.option", "role:entry.option" or "playbooks:playbook.option". Raises ValueError."""
        found = _PLACE.fullmatch(text)
        if found is None:
            raise ValueError(
                f"Variable {text}: expected role.option, role:entry.option or playbooks:playbook.option"
            )
        return cls(found["place"], found["entry"] or ENTRY, found["option"])

    def __str__(self) -> str:
        return f"{self.place}:{self.entry}.{self.option}"

    def look_up(self, specs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the specs of its place say of the option. Raises ValueError."""
        if self.entry not in specs:
            raise ValueError(
                f"Variable {self}: expected an entry point {self.entry} in the argument specs of "
                f"{self.place}, found {', '.join(specs) or 'none'}"
            )
        options = specs[self.entry].get("options") or {}
        if self.option not in options:
            raise ValueError(
                f"Variable {self}: expected an option {self.option} in the argument specs of {self.place}, "
                f"found {', '.join(options) or 'none'}"
            )
        found: Mapping[str, Any] = options[self.option]
        return found


def question(place: Place, spec: Mapping[str, Any], answer: object = None) -> dict[str, Any]:
    """Return the question that asks for a variable, as AWX takes it. Raises ValueError.

    Args:
        place: which variable it is.
        spec: what the argument specs say of it.
        answer: what the question is answered with unless somebody answers otherwise; None for nothing.

    A question that isn't answered sets no variable, so that the inventory's value, or else the role's,
    holds. That is why the spec's default is said in words and isn't the answer.
    """
    kind, choices = _kind(place, spec)
    asked: dict[str, Any] = {
        "question_name": place.option.replace("_", " ").capitalize(),
        "question_description": _help(spec, answer),
        "variable": place.option,
        "required": bool(spec.get("required", False)),
        "type": kind,
    }
    if choices:
        asked["choices"] = "\n".join(choices)
    if answer is not None:
        asked["default"] = _answer(place, kind, choices, answer)
    return asked


def survey(title: str, description: str, questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a survey of questions; without any, AWX's word for none, an empty dictionary."""
    if not questions:
        return {}
    return {"name": title, "description": description, "spec": [dict(each) for each in questions]}


def _kind(place: Place, spec: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return AWX's type for a variable, and what it may be chosen from."""
    kind = str(spec.get("type", "str"))
    choices = [str(choice) for choice in spec.get("choices") or ()]
    if kind == "bool":
        return "multiplechoice", [YES, NO]
    if kind == "list" and choices:
        return "multiselect", choices
    if kind in _TEXT:
        if choices:
            return "multiplechoice", choices
        return ("password" if spec.get("no_log") else _TEXT[kind]), []
    raise ValueError(
        f"Variable {place}: expected a type that a survey can ask for, found {kind}"
        f"{' without choices' if kind == 'list' else ''}"
    )


def _answer(place: Place, kind: str, choices: Sequence[str], answer: object) -> int | float | str:
    """Return an answer in the form in which AWX keeps it."""
    if kind in ("integer", "float"):
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            raise ValueError(f"Answer to {place}: expected a number, found {answer!r}")
        return answer
    if isinstance(answer, list | tuple):
        answers = [str(each) for each in answer]
    else:
        answers = [str(answer).lower() if isinstance(answer, bool) else str(answer)]
    wrong = [each for each in answers if choices and each not in choices]
    if wrong or (len(answers) != 1 and kind != "multiselect"):
        raise ValueError(
            f"Answer to {place}: expected {'some' if kind == 'multiselect' else 'one'} of "
            f"{', '.join(choices) or 'text'}, found {', '.join(answers) or 'none'}"
        )
    return "\n".join(answers)


def _help(spec: Mapping[str, Any], answer: object) -> str:
    """Return the text beside a question: what the variable means, and what no answer means."""
    described = spec.get("description") or ""
    sentences = [described] if isinstance(described, str) else list(described)
    words = plain(" ".join(str(sentence).strip() for sentence in sentences))
    if spec.get("required") or answer is not None:
        return words
    default = _shown(spec.get("default"))
    return f"{words} Empty: as the inventory says{f', or else {default}' if default else ''}.".strip()


def _shown(default: object) -> str:
    """Return a default in words; nothing for one that is empty, or that is made of other variables."""
    if default is None or default in ("", [], {}):
        return ""
    if isinstance(default, bool):
        return YES if default else NO
    if isinstance(default, list | tuple):
        return ", ".join(str(each) for each in default)
    return "" if "{{" in str(default) else str(default)


def plain(text: str) -> str:
    """Return documentation without its marks."""

    def inner(found: re.Match[str]) -> str:
        content = found[1]
        if found[0].startswith("L("):
            return content.split(",")[0].strip()
        # Of another plugin's option only its name.
        return content.rsplit(":", 1)[-1] if "#" in content else content

    return _MARK.sub(inner, text)
