"""AWX's rules for surveys, and for what they are answered with."""

from __future__ import annotations

from typing import Any

from fakeawx.refusal import Refusal

TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "textarea": (str,),
    "password": (str,),
    "multiplechoice": (str,),
    "multiselect": (str,),
    "integer": (int,),
    "float": (float, int),
}
CHOSEN = ("multiplechoice", "multiselect")
EXPECTED = {"integer": "an integer", "float": "a numeric type"}


def checked(survey: dict[str, Any]) -> dict[str, Any]:
    """Return a survey as it is kept, or refuse it as AWX would."""
    for name, wanted, label in (
        ("name", str, "string"),
        ("description", str, "string"),
        ("spec", list, "list of items"),
    ):
        if name not in survey:
            raise _wrong(f"Field '{name}' is missing from survey spec.")
        if not isinstance(survey[name], wanted):
            raise _wrong(f"Expected {label} for field '{name}', received {type(survey[name]).__name__} type.")
    if not survey["spec"]:
        raise _wrong("'spec' doesn't contain any items.")
    seen: set[str] = set()
    for index, question in enumerate(survey["spec"]):
        _question(index, question)
        if question["variable"] in seen:
            raise _wrong(f"'variable' '{question['variable']}' duplicated in survey question {index}.")
        seen.add(question["variable"])
    return survey


def _question(index: int, question: Any) -> None:
    if not isinstance(question, dict):
        raise _wrong(f"Survey question {index} is not a json object.")
    for name in ("type", "question_name", "variable", "required"):
        if name not in question:
            raise _wrong(f"'{name}' missing from survey question {index}")
        wanted = bool if name == "required" else str
        if not isinstance(question[name], wanted):
            label = "boolean" if wanted is bool else "string"
            raise _wrong(f"'{name}' in survey question {index} expected to be {label}.")
    kind = question["type"]
    if kind not in TYPES:
        raise _wrong(
            f"'{kind}' in survey question {index} is not one of '{', '.join(TYPES)}' allowed question types."
        )
    default = question.get("default", "")
    if default != "" and not isinstance(default, TYPES[kind]):
        raise _wrong(f"Default value {default} in survey question {index} expected to be {kind}.")
    for limit in ("min", "max"):
        if not isinstance(question.get(limit), int | None):
            raise _wrong(f"The {limit} limit in survey question {index} expected to be integer.")
    if kind in CHOSEN:
        if "choices" not in question:
            raise _wrong(f"Survey question {index} of type {kind} must specify choices.")
        chosen = default.splitlines()
        if kind == "multiplechoice" and len(chosen) > 1:
            raise _wrong("Multiple Choice (Single Select) can only have one default value.")
        if set(chosen) - set(_choices(question)):
            raise _wrong("Default choice must be answered from the choices listed.")


def answered(
    template: dict[str, Any], survey: dict[str, Any], answers: dict[str, Any], *, all_required: bool
) -> None:
    """Refuse answers that a template's survey doesn't take, as at a launch."""
    questions = {each["variable"]: each for each in survey.get("spec", []) if template.get("survey_enabled")}
    errors = [
        f"'{name}' value missing"
        for name, question in questions.items()
        if all_required and question["required"] and name not in answers
    ]
    errors += [
        error
        for name, value in answers.items()
        if name in questions
        for error in _answer(questions[name], value)
    ]
    if errors:
        raise Refusal({"variables_needed_to_start": errors})
    unknown = sorted(set(answers) - set(questions))
    if unknown and not template.get("ask_variables_on_launch"):
        raise Refusal(
            {
                "extra_data": [
                    f"Variables {', '.join(unknown)} are not allowed on launch. Check the Prompt on Launch "
                    "setting on the Job Template to include Extra Variables."
                ]
            }
        )


def _answer(question: dict[str, Any], value: Any) -> list[str]:
    name, kind = question["variable"], question["type"]
    if kind == "multiselect":
        if not isinstance(value, list):
            return [f"'{name}' value is expected to be a list."]
        chosen = value
    elif kind == "multiplechoice":
        chosen = [value]
    elif isinstance(value, bool) or not isinstance(value, TYPES[kind]):
        return [f"Value {value} for '{name}' expected to be {EXPECTED.get(kind, 'a string')}."]
    else:
        return []
    choices = _choices(question)
    return [
        f"Value {each} for '{name}' expected to be one of {choices}."
        for each in chosen
        if each not in choices
    ]


def _choices(question: dict[str, Any]) -> list[str]:
    choices = question["choices"]
    return choices.splitlines() if isinstance(choices, str) else list(choices)


def _wrong(said: str) -> Refusal:
    return Refusal({"error": said})
