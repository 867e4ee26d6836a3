"""The module as Ansible sees it: arguments in, one JSON object out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.doc_fragments.bot_api import ModuleDocFragment
from ansible_collections.aisha.cluster.plugins.module_utils._telegram import transport as _bot_http
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.client import (
    ADVICE,
    DEFAULT_API_URL,
    BotApiError,
    HttpAnswer,
)
from ansible_collections.aisha.cluster.plugins.modules import telegram_bot_info

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, dict[str, Any]]]


def ok(result: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps({"ok": True, "result": result}).encode())


NO_WEBHOOK = {"url": "", "has_custom_certificate": False, "pending_update_count": 2}
UNAUTHORIZED = HttpAnswer(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}')


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module with a scripted transport; returns the exit code and the result."""

    def run(transport: object, **arguments: Any) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(_bot_http, "urls_transport", lambda **_: transport)
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            telegram_bot_info.main()
        printed = capsys.readouterr().out
        secret = str(arguments.get("token", "")).partition(":")[2]
        assert not secret or secret not in printed
        return int(exited.value.code or 0), dict(json.loads(printed))

    return run


@pytest.mark.parametrize("check_mode", [False, True])
def test_identity_and_webhook_are_returned(
    check_mode: bool, run: Run, script: Callable[..., Any], token: str, me: dict[str, Any]
) -> None:
    transport = script(ok(me), ok(NO_WEBHOOK))
    code, result = run(transport, token=token, _ansible_check_mode=check_mode)
    assert code == 0
    assert result["changed"] is False
    assert result["bot"] == me
    assert result["webhook"] == {**NO_WEBHOOK, "last_error_date": None, "last_error_message": None}
    assert "failure" not in result
    # The whole of what it may ask; getUpdates would knock the live poller out.
    assert transport.urls == [
        f"{DEFAULT_API_URL}/bot{token}/{method}" for method in ("getMe", "getWebhookInfo")
    ]


@pytest.mark.parametrize(
    ("answers", "arguments", "reason", "asked"),
    [
        ([], {"token": ""}, "malformed", []),
        ([], {"token": "12345:short"}, "malformed", []),
        ([], {"api_url": "nowhere"}, "bad_option", []),
        ([], {"timeout": 0}, "bad_option", []),
        ([UNAUTHORIZED], {}, "revoked", ["getMe"]),
        ([BotApiError("timeout", "no answer in time")], {"retries": 0}, "timeout", ["getMe"]),
        (["me"], {"expected_username": "@other_bot"}, "wrong_bot", ["getMe"]),
        (["me", UNAUTHORIZED], {}, "revoked", ["getMe", "getWebhookInfo"]),
    ],
)
def test_each_failure_is_structured(
    answers: list[Any],
    arguments: dict[str, Any],
    reason: str,
    asked: list[str],
    run: Run,
    script: Callable[..., Any],
    token: str,
    me: dict[str, Any],
) -> None:
    transport = script(*(ok(me) if answer == "me" else answer for answer in answers))
    code, result = run(transport, **{"token": token, **arguments})
    assert code == 1
    assert result["failed"] is True
    assert result["changed"] is False
    assert result["failure"]["reason"] == reason
    assert result["msg"].endswith(ADVICE[reason])
    assert transport.methods == asked
    # What was known before it failed is told.
    assert result.get("bot") == (me if "me" in answers else None)


def test_a_token_is_required(run: Run, script: Callable[..., Any]) -> None:
    code, result = run(script())
    assert code == 1
    assert "missing required arguments: token" in result["msg"]


def test_the_documentation_lists_every_reason_and_key() -> None:
    documented = yaml.safe_load(telegram_bot_info.RETURN)["failure"]
    text = " ".join(documented["contains"]["reason"]["description"])
    assert [reason for reason in ADVICE if f"V({reason})" not in text] == []
    failure = BotApiError("revoked", "x").as_failure()
    assert set(failure) == set(documented["contains"]) == set(documented["sample"])


def test_the_documentation_of_the_options_is_that_of_the_code() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    for name, spec in _bot_http.argument_spec().items():
        option = {key: value for key, value in documented.pop(name).items() if key != "description"}
        assert option == {key: value for key, value in spec.items() if key != "no_log"}
    assert documented == {}
