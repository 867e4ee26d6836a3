"""What the unit tests of the plugins share."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ansible_collections.aisha.cluster.plugins.module_utils._telegram.client import HttpAnswer

    Script = Callable[..., "ScriptedTransport"]


class ScriptedTransport:
    """Gives the prepared answers in turn, raises those that are exceptions, and notes what was asked."""

    def __init__(self, answers: list[HttpAnswer | Exception]) -> None:
        self.answers = answers
        self.urls: list[str] = []

    def __call__(self, url: str) -> HttpAnswer:
        self.urls.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def methods(self) -> list[str]:
        return [url.rpartition("/")[2] for url in self.urls]


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach servers of the tests without the proxy that the environment may name."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def script() -> Script:
    def make(*answers: HttpAnswer | Exception) -> ScriptedTransport:
        return ScriptedTransport(list(answers))

    return make


@pytest.fixture
def token() -> str:
    """A token of the right shape that belongs to nobody."""
    return f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(26)[:35]}"


@pytest.fixture
def me(token: str) -> dict[str, Any]:
    return {
        "id": int(token.partition(":")[0]),
        "is_bot": True,
        "first_name": "Aisha",
        "username": "aisha_bot",
        "can_join_groups": True,
    }
