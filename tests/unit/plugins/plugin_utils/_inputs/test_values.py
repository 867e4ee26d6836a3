"""Commands and environments as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs.values import (
    UnfitValue,
    command_words,
    environment_strings,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], []),
        ("", []),
        (["python", "-m", "bot"], ["python", "-m", "bot"]),
        ("python -m bot", ["python", "-m", "bot"]),
        ("sh -c 'exec python bot.py --name \"my bot\"'", ["sh", "-c", 'exec python bot.py --name "my bot"']),
        ("uvicorn app:app --header a,b", ["uvicorn", "app:app", "--header", "a,b"]),
        (["uvicorn", "--port", 8000, "--reload", False], ["uvicorn", "--port", "8000", "--reload", "false"]),
        ("run $HOME *.py", ["run", "$HOME", "*.py"]),
    ],
)
def test_a_command_is_words_or_a_line(value: Any, words: list[str]) -> None:
    assert command_words(value) == words


@pytest.mark.parametrize(
    "value", ["python -c 'never ends", 7, None, {"a": 1}, ["python", None], ["a", ["b"]]]
)
def test_what_is_no_command_is_refused(value: Any) -> None:
    with pytest.raises(UnfitValue, match=r"expected .*, found "):
        command_words(value)


def test_scalars_become_text() -> None:
    values = {
        "DEBUG": True,
        "QUIET": False,
        "WORKERS": 2,
        "RATE": 0.5,
        "EMPTY": None,
        "NAME": "yes",
        "ID": -100,
    }
    assert environment_strings(values) == {
        "DEBUG": "true",
        "QUIET": "false",
        "WORKERS": "2",
        "RATE": "0.5",
        "EMPTY": "",
        "NAME": "yes",
        "ID": "-100",
    }


@pytest.mark.parametrize(
    "value", [["A=b"], "A=b", None, {"": "x"}, {"A=b": "x"}, {"A": ["x"]}, {"A": {"b": "hush"}}]
)
def test_what_is_no_environment_is_refused(value: Any) -> None:
    with pytest.raises(UnfitValue) as refused:
        environment_strings(value)
    assert "hush" not in str(refused.value)
