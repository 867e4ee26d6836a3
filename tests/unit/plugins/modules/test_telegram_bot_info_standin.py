"""The module against the stand-in Bot API, over its real transport, beside a bot that is polling."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import standin_process
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import telegram_bot_info
from standin_process import Standin


@pytest.fixture(scope="module")
def server() -> Iterator[Standin]:
    with standin_process.standin() as server:
        yield server


@pytest.fixture
def standin(server: Standin, token: str) -> Standin:
    """The stand-in with one bot."""
    for bot in server.ask("/control/bots")["bots"]:
        server.ask(f"/control/bots/{bot['username']}", method="DELETE")
    server.ask("/control/reset", {})
    server.ask("/control/bots", {"token": token, "username": "aisha_bot"})
    return server


@pytest.fixture
def info(standin: Standin, token: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def info(**arguments: Any) -> dict[str, Any]:
        arguments = {"token": token, "api_url": standin.url, "retries": 0, "timeout": 5, **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            telegram_bot_info.main()
        printed = capsys.readouterr().out
        assert token.partition(":")[2] not in printed
        return dict(json.loads(printed))

    return info


def test_it_looks_without_disturbing_the_bot_that_polls(
    standin: Standin, token: str, info: Callable[..., dict[str, Any]]
) -> None:
    received: list[Any] = []

    def poll() -> None:
        url = f"{standin.url}/bot{token}/getUpdates?timeout=30"
        with urllib.request.urlopen(url, timeout=40) as response:  # noqa: S310 - the stand-in's address
            received.append(json.load(response))

    bot = threading.Thread(target=poll)
    bot.start()
    while not standin.ask("/control/polls?username=aisha_bot")["in_flight"]:
        assert bot.is_alive()
    result = info(expected_username="@aisha_bot")
    said = standin.ask("/control/say", {"username": "aisha_bot", "text": "hello"})
    bot.join(30)

    assert result["bot"]["username"] == "aisha_bot"
    assert result["webhook"]["url"] == ""
    assert [update["update_id"] for update in received[0]["result"]] == [said["update_id"]]
    polls = standin.ask("/control/polls?username=aisha_bot")
    assert (polls["polls"], polls["conflicts"], polls["overlaps"]) == (1, 0, 0)
    asked = [entry["method"] for entry in standin.ask("/control/log")["log"]]
    assert sorted(asked) == ["getMe", "getUpdates", "getWebhookInfo"]


def test_a_webhook_and_its_last_error_are_told(standin: Standin, info: Callable[..., dict[str, Any]]) -> None:
    standin.ask(
        "/control/webhook", {"url": "https://bot.example/hook", "last_error_message": "Connection refused"}
    )
    webhook = info()["webhook"]
    assert webhook["url"] == "https://bot.example/hook"
    assert webhook["last_error_message"] == "Connection refused"
    assert webhook["last_error_date"] > 0


def test_a_revoked_token(standin: Standin, info: Callable[..., dict[str, Any]]) -> None:
    standin.ask("/control/bots/aisha_bot", method="DELETE")
    assert info()["failure"]["reason"] == "revoked"


@pytest.mark.parametrize(
    ("fault", "arguments", "reason"),
    [
        ({"method": "getMe", "error_code": 429, "retry_after": 1}, {"retries": 1}, None),
        (
            {"method": "getMe", "error_code": 429, "retry_after": 30},
            {"retries": 1, "max_wait": 5},
            "rate_limited",
        ),
        ({"method": "getMe", "error_code": 502}, {"retries": 1}, None),
        ({"method": "getWebhookInfo", "error_code": 500}, {}, "server_error"),
        ({"method": "getMe", "error_code": 404, "description": "Not Found"}, {}, "not_found"),
    ],
)
def test_faults_on_demand(
    fault: dict[str, Any],
    arguments: dict[str, Any],
    reason: str | None,
    standin: Standin,
    info: Callable[..., dict[str, Any]],
) -> None:
    standin.ask("/control/fail", {"count": 1, **fault})
    result = info(**arguments)
    assert result.get("failure", {}).get("reason") == reason
