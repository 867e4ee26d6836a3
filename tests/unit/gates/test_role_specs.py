"""What the gate for argument specs finds, and what it writes into a README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import role_readme
from role_specs import Role, faults

GOOD: dict[str, Any] = {"type": "int", "default": 2, "description": "How many."}


def role(option: dict[str, Any], defaults: dict[str, Any] | None = None) -> Role:
    spec = {"short_description": "A role", "description": "It does.", "options": {"thing": option}}
    return Role(
        Path("thing"), {"main": spec}, {"thing": option.get("default")} if defaults is None else defaults
    )


@pytest.mark.parametrize(
    ("option", "defaults"),
    [
        (GOOD, None),
        ({"type": "str", "required": True, "description": "A name."}, {}),
        ({"type": "str", "default": "{{ other }}", "description": "From another."}, None),
        ({"type": "bool", "description": "From another."}, {"thing": "{{ other | bool }}"}),
        ({"type": "dict", "default": {}, "description": "Environment, name to string."}, None),
        ({"type": "dict", "default": {}, "description": "Settings, as in C(daemon.json)."}, None),
        (
            {
                "type": "list",
                "elements": "str",
                "default": ["a"],
                "choices": ["a", "b"],
                "description": "Some.",
            },
            None,
        ),
        ({"type": "dict", "default": {"n": 1}, "description": "A thing.", "options": {"n": GOOD}}, None),
    ],
)
def test_what_is_fine(option: dict[str, Any], defaults: dict[str, Any] | None) -> None:
    assert list(faults(role(option, defaults))) == []


@pytest.mark.parametrize(
    ("option", "defaults", "fault"),
    [
        ({**GOOD, "type": "number"}, None, "expected a type, found number"),
        ({**GOOD, "description": ""}, None, "expected a description"),
        ({**GOOD, "type": "list", "default": []}, None, "the list's elements"),
        ({**GOOD, "type": "dict", "default": {}}, None, 'expected the keys in "options"'),
        (GOOD, {"thing": 3}, "expected the default of defaults/main.yml, 3; found 2"),
        (GOOD, {"thing": 2.0}, "expected the default of defaults/main.yml, 2.0; found 2"),
        (
            {"type": "int", "description": "x"},
            {"thing": 2},
            "expected the default of defaults/main.yml, 2; found none",
        ),
        (GOOD, {}, "expected a default in defaults/main.yml"),
        ({**GOOD, "required": True}, None, "required, so expected no default"),
        ({**GOOD, "default": "two"}, None, "the default doesn't fit"),
        ({**GOOD, "default": "c", "type": "str", "choices": ["a"]}, None, "the default doesn't fit"),
        (GOOD, {"thing": 2, "other": 1}, "other: expected it in the argument specs"),
        (
            {"type": "dict", "default": {}, "description": "x", "options": {"n": {"description": "y"}}},
            None,
            "thing.n: expected a type",
        ),
        (
            {"type": "dict", "default": {"m": 1}, "description": "x", "options": {"n": GOOD}},
            None,
            "the default doesn't fit",
        ),
    ],
)
def test_what_is_found(option: dict[str, Any], defaults: dict[str, Any] | None, fault: str) -> None:
    assert [found for found in faults(role(option, defaults)) if fault in found] != []


def test_a_role_without_specs() -> None:
    assert list(faults(Role(Path("thing"), {}, {}))) == [
        "meta/argument_specs.yml: expected argument_specs, found none"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("By C((n - 1) mod hosts) of O(thing_hosts).", "By `(n - 1) mod hosts` of `thing_hosts`."),
        ("O(aisha.cluster.cluster#role:main:cluster_name)", "`cluster_name`"),
        ("V(true) or O(thing=false)", "`true` or `thing=false`"),
        ("B(Never) see L(here, https://example.org/x) and U(https://example.org)", None),
        ("M(community.docker.docker_container)", "`community.docker.docker_container`"),
    ],
)
def test_markup_becomes_markdown(text: str, expected: str | None) -> None:
    wanted = expected or "**Never** see [here](https://example.org/x) and <https://example.org>"
    assert role_readme.markdown(text) == wanted


def test_a_readme_is_made_kept_and_brought_up_to_date() -> None:
    specs = role({**GOOD, "description": "One | two."}).specs
    specs["main"]["options"]["thing_image"] = {"type": "str", "required": True, "description": "An image."}
    made = role_readme.updated("thing", specs, {"thing": 2}, None)
    assert made.startswith("# aisha.cluster.thing\n")
    assert "| `thing` | int | `2` | One \\| two. |" in made
    assert "| `thing_image` | str | **required** | An image. |" in made
    assert "        thing_image: …\n" in made
    assert role_readme.updated("thing", specs, {"thing": 2}, made) == made

    ours = made.replace("## Example", "## Written by hand")
    specs["main"]["options"]["thing"]["description"] = "Three."
    again = role_readme.updated("thing", specs, {"thing": 2}, ours)
    assert "One" not in again
    assert "Three." in again
    assert "## Written by hand" in again

    assert role_readme.updated("thing", specs, {}, "# By hand\n").startswith("# By hand\n\n## Inputs\n\n<!--")


def test_keys_of_dicts_and_entry_points_are_in_the_table() -> None:
    inner = {"type": "list", "elements": "dict", "description": "Parts.", "options": {"n": GOOD}}
    specs = {
        "main": {"short_description": "Do", "options": {"parts": inner}},
        "check": {"short_description": "See", "options": {"parts": inner}},
        "stop": {"short_description": "Stop"},
    }
    text = role_readme.updated("thing", specs, {"parts": []}, None)
    assert "| `parts` | list of dict | `[]` | Parts. |\n| `parts[].n` | int | `2` | How many. |" in text
    assert "### `tasks_from: check`\n\nSee.\n\nThe same inputs." in text
    assert "### `tasks_from: stop`\n\nStop.\n\nNo inputs." in text
