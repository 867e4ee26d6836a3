"""Questions of AWX: each type becomes the right one, and nothing is asked that AWX would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._awx_survey import Place, plain, question, survey

PLACE = Place("images", "main", "images_tag")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("images.images_tag", PLACE),
        ("release:begin.release_lock_break", Place("release", "begin", "release_lock_break")),
        ("playbooks:rollback.rollback_to", Place("playbooks", "rollback", "rollback_to")),
    ],
)
def test_a_place_is_read(text: str, place: Place) -> None:
    assert Place.parse(text) == place


@pytest.mark.parametrize(
    "text", ["images_tag", "images.", "images:main:x.y", "Images.tag", "../images.tag", ""]
)
def test_what_names_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Variable .*: expected role\.option"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "images:build.images_tag",
            "expected an entry point build in the argument specs of images, found main",
        ),
        (
            "images.images_tags",
            "expected an option images_tags in the argument specs of images, found images_tag",
        ),
    ],
)
def test_what_the_specs_do_not_have_is_named(place: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Place.parse(place).look_up({"main": {"options": {"images_tag": {"type": "str"}}}})


@pytest.mark.parametrize(
    ("spec", "answer", "expected"),
    [
        ({"type": "str"}, None, {"type": "text"}),
        ({}, None, {"type": "text"}),
        ({"type": "path"}, "/srv", {"type": "text", "default": "/srv"}),
        ({"type": "str", "no_log": True}, None, {"type": "password"}),
        ({"type": "int"}, 60, {"type": "integer", "default": 60}),
        ({"type": "float"}, 0.5, {"type": "float", "default": 0.5}),
        ({"type": "bool"}, None, {"type": "multiplechoice", "choices": "true\nfalse"}),
        ({"type": "bool"}, True, {"type": "multiplechoice", "choices": "true\nfalse", "default": "true"}),
        (
            {"type": "str", "choices": ["stage", "rollback"]},
            "rollback",
            {"type": "multiplechoice", "choices": "stage\nrollback", "default": "rollback"},
        ),
        (
            {"type": "list", "elements": "str", "choices": ["a", "b", "c"]},
            ["a", "c"],
            {"type": "multiselect", "choices": "a\nb\nc", "default": "a\nc"},
        ),
        ({"type": "int", "choices": [1, 2]}, None, {"type": "multiplechoice", "choices": "1\n2"}),
    ],
)
def test_a_type_becomes_that_of_a_question(
    spec: dict[str, Any], answer: object, expected: dict[str, Any]
) -> None:
    asked = question(PLACE, spec, answer)
    assert {key: asked[key] for key in asked if key in ("type", "choices", "default")} == expected
    assert asked["variable"] == "images_tag"
    assert asked["question_name"] == "Images tag"
    assert asked["required"] is False


@pytest.mark.parametrize(
    ("spec", "answer", "said"),
    [
        ({"type": "dict"}, None, "expected a type that a survey can ask for, found dict$"),
        ({"type": "list", "elements": "str"}, None, "found list without choices$"),
        ({"type": "int"}, "60", "expected a number, found '60'"),
        ({"type": "int"}, True, "expected a number, found True"),
        ({"type": "bool"}, "perhaps", "expected one of true, false, found perhaps"),
        ({"type": "str", "choices": ["a", "b"]}, ["a", "b"], "expected one of a, b, found a, b"),
        ({"type": "list", "choices": ["a"]}, ["a", "x"], "expected some of a, found a, x"),
        ({"type": "str"}, ["a", "b"], "expected one of text, found a, b"),
    ],
)
def test_what_no_question_can_ask_is_refused(spec: dict[str, Any], answer: object, said: str) -> None:
    with pytest.raises(ValueError, match=rf"images:main\.images_tag: .*{said}"):
        question(PLACE, spec, answer)


@pytest.mark.parametrize(
    ("spec", "answer", "expected"),
    [
        ({"description": "Name.", "default": ""}, None, "Name. Empty: as the inventory says."),
        ({"description": ["One.", "Two."], "default": 20}, None,
         "One. Two. Empty: as the inventory says, or else 20."),
        ({"description": "Try.", "type": "bool", "default": True}, None,
         "Try. Empty: as the inventory says, or else true."),
        ({"description": "Parts.", "type": "list", "choices": ["a", "b"], "default": ["a", "b"]}, None,
         "Parts. Empty: as the inventory says, or else a, b."),
        ({"description": "Owner.", "default": "{{ user }}"}, None, "Owner. Empty: as the inventory says."),
        ({"description": "Needed.", "required": True}, None, "Needed."),
        ({"description": "Watch.", "type": "int", "default": 20}, 60, "Watch."),
        ({}, None, "Empty: as the inventory says."),
    ],
)  # fmt: skip
def test_the_text_says_what_no_answer_means(spec: dict[str, Any], answer: object, expected: str) -> None:
    assert question(PLACE, spec, answer)["question_description"] == expected


def test_a_required_variable_is_a_required_question() -> None:
    assert question(PLACE, {"required": True})["required"] is True


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("instead of O(images_source), with V(latest)", "instead of images_source, with latest"),
        ("see O(aisha.cluster.registry#role:main:registry_address).", "see registry_address."),
        ("in C(docker-compose) or L(the manual, https://example.org/a)", "in docker-compose or the manual"),
        ("only with O(mode=gate) (the default)", "only with mode=gate (the default)"),
        ("USB(x) stays", "USB(x) stays"),
    ],
)
def test_documentation_loses_its_marks(marked: str, expected: str) -> None:
    assert plain(marked) == expected


def test_a_survey_without_questions_is_none() -> None:
    assert survey("Title", "Text", []) == {}
    asked = question(PLACE, {})
    assert survey("Title", "Text", [asked]) == {"name": "Title", "description": "Text", "spec": [asked]}
