"""What each answer of the Bot API amounts to; the wire is scripted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.bot_token import BotToken
from ansible_collections.aisha.cluster.plugins.module_utils._telegram.client import (
    ADVICE,
    TEMPORARY,
    BotApi,
    BotApiError,
    HttpAnswer,
    check_api_url,
    read_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def ok(result: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps({"ok": True, "result": result}).encode())


def bad(code: int, description: str, retry_after: object = None) -> HttpAnswer:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if retry_after is not None:
        body["parameters"] = {"retry_after": retry_after}
    return HttpAnswer(code, json.dumps(body).encode())


PAGE = b"\n<!doctype html><title>Welcome to the hotel's network</title>"

CASES = [
    (bad(401, "Unauthorized"), "revoked", '401 "Unauthorized"'),
    (bad(401, "Unauthorized: invalid token specified"), "malformed", "401"),
    (bad(404, "Not Found"), "not_found", '404 "Not Found"'),
    (bad(404, "Not Found: method not found"), "refused", "404"),
    (bad(400, "Logged out"), "logged_out", "400"),
    (bad(400, "Bad Request: something"), "refused", "400"),
    (bad(403, "Forbidden: bot was blocked"), "refused", "403"),
    (bad(429, "Too Many Requests: retry after 7", 7), "rate_limited", "429"),
    (bad(500, "Internal Server Error"), "server_error", "500"),
    (bad(502, "Bad Gateway"), "server_error", "502"),
    (HttpAnswer(502, b"<html>nginx</html>"), "server_error", "502 from a gateway"),
    (HttpAnswer(503, b""), "server_error", "503 from a gateway"),
    (HttpAnswer(429, b"", retry_after="9"), "rate_limited", "429"),
    (HttpAnswer(407, PAGE), "proxy", "asks for a login"),
    (HttpAnswer(200, PAGE), "not_bot_api", "a web page (200)"),
    (HttpAnswer(404, PAGE), "not_bot_api", "a web page (404)"),
    (HttpAnswer(401, b"login first"), "not_bot_api", "isn't the Bot API's JSON (401)"),
    (HttpAnswer(302, b"", location="https://login.hotel.example/?u=1"), "not_bot_api", "login.hotel.example"),
    (HttpAnswer(302, b""), "not_bot_api", "an unnamed place"),
    (HttpAnswer(200, b""), "not_bot_api", "isn't the Bot API's JSON"),
    (HttpAnswer(200, b"\xff\xfe\x00"), "not_bot_api", "isn't the Bot API's JSON"),
    (HttpAnswer(200, b"[" * 100_000), "not_bot_api", "isn't the Bot API's JSON"),
    (HttpAnswer(200, b'["ok"]'), "not_bot_api", "isn't the Bot API's JSON"),
    (HttpAnswer(200, b'{"ok": "yes"}'), "not_bot_api", "isn't the Bot API's JSON"),
    (HttpAnswer(200, b'{"ok": true, "result": []}'), "not_bot_api", "JSON without a result"),
    (HttpAnswer(418, b'{"ok": false}'), "refused", "418"),
]


@pytest.mark.parametrize(("answer", "reason", "part_of_found"), CASES)
def test_each_answer_has_its_reason(answer: HttpAnswer, reason: str, part_of_found: str) -> None:
    with pytest.raises(BotApiError) as caught:
        read_answer(answer)
    assert caught.value.reason == reason
    assert part_of_found in caught.value.found


def test_a_result_is_given_back() -> None:
    assert read_answer(ok({"a": 1})) == {"a": 1}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (bad(429, "x", 7), 7),
        (bad(429, "x", 0), None),
        (bad(429, "x", -5), None),
        (bad(429, "x", "soon"), None),
        (bad(429, "x"), None),
        (HttpAnswer(429, b"", retry_after="9"), 9),
        (HttpAnswer(429, b"", retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), None),
        (HttpAnswer(429, bad(429, "x").body, retry_after="11"), 11),
    ],
)
def test_how_long_a_rate_limit_asks_to_wait(answer: HttpAnswer, seconds: int | None) -> None:
    with pytest.raises(BotApiError) as caught:
        read_answer(answer)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("failures", "retries", "max_wait", "slept", "outcome"),
    [
        ([], 2, 60, [], None),
        ([bad(429, "x", 7)], 2, 60, [7], None),
        ([bad(429, "x", 7), bad(429, "x", 8)], 2, 60, [7, 8], None),
        ([bad(429, "x", 61)], 2, 60, [], "rate_limited"),
        ([bad(429, "x", 40), bad(429, "x", 21)], 2, 60, [40], "rate_limited"),
        ([bad(429, "x", 60)], 1, 60, [60], None),
        ([bad(429, "x", 1)], 0, 60, [], "rate_limited"),
        ([bad(500, "x")] * 2, 2, 60, [1, 2], None),
        ([bad(500, "x")] * 3, 2, 60, [1, 2], "server_error"),
        ([bad(500, "x")] * 3, 9, 2, [1], "server_error"),
        ([BotApiError("timeout", "no answer in time")], 1, 60, [1], None),
        ([BotApiError("dns", "no such name"), bad(502, "x")], 2, 60, [1, 2], None),
        ([BotApiError("tls", "no TLS")], 2, 60, [], "tls"),
        ([bad(401, "Unauthorized")], 2, 60, [], "revoked"),
        ([HttpAnswer(200, PAGE)], 2, 60, [], "not_bot_api"),
    ],
)
def test_only_what_may_pass_is_tried_again(
    failures: list[HttpAnswer | BotApiError],
    retries: int,
    max_wait: int,
    slept: list[float],
    outcome: str | None,
    token: str,
    me: dict[str, Any],
    script: Callable[..., Any],
) -> None:
    naps: list[float] = []
    transport = script(*failures, ok(me))
    api = BotApi(BotToken(token), transport=transport, retries=retries, max_wait=max_wait, sleep=naps.append)
    if outcome is None:
        assert api.get_me() == me
    else:
        with pytest.raises(BotApiError) as caught:
            api.get_me()
        assert caught.value.reason == outcome
        assert caught.value.attempts == len(slept) + 1
    assert naps == slept


def test_patience_is_one_for_all_calls(token: str, me: dict[str, Any], script: Callable[..., Any]) -> None:
    naps: list[float] = []
    transport = script(bad(429, "x", 5), ok(me), bad(429, "x", 6))
    api = BotApi(BotToken(token), transport=transport, retries=3, max_wait=10, sleep=naps.append)
    api.get_me()
    with pytest.raises(BotApiError):
        api.get_webhook_info()
    assert naps == [5]


@pytest.mark.parametrize(
    ("username", "fits"),
    [("aisha_bot", True), ("@aisha_bot", True), ("@Aisha_Bot", True), ("other_bot", False), ("aisha", False)],
)
def test_whose_token_it_is(
    username: str, fits: bool, token: str, me: dict[str, Any], script: Callable[..., Any]
) -> None:
    api = BotApi(BotToken(token), transport=script(ok(me)))
    bot = api.get_me()
    if fits:
        api.expect_username(bot, username)
        return
    with pytest.raises(BotApiError) as caught:
        api.expect_username(bot, username)
    assert caught.value.reason == "wrong_bot"
    assert f"expected @{username}, found @aisha_bot" in str(caught.value)


@pytest.mark.parametrize("answer", [{"is_bot": False}, {"is_bot": None}, {"is_bot": "true"}])
def test_a_person_is_no_bot(
    answer: dict[str, Any], token: str, me: dict[str, Any], script: Callable[..., Any]
) -> None:
    with pytest.raises(BotApiError) as caught:
        BotApi(BotToken(token), transport=script(ok({**me, **answer}))).get_me()
    assert caught.value.reason == "not_a_bot"


def test_a_webhook_info_always_has_the_fields_that_playbooks_read(
    token: str, script: Callable[..., Any]
) -> None:
    api = BotApi(
        BotToken(token),
        transport=script(ok({}), ok({"url": f"https://bot.example/{token}", "pending_update_count": 3})),
    )
    assert api.get_webhook_info() == {
        "url": "",
        "pending_update_count": 0,
        "last_error_date": None,
        "last_error_message": None,
    }
    # Many people put the token into the address of their webhook.
    bot_id = token.partition(":")[0]
    assert api.get_webhook_info()["url"] == f"https://bot.example/{bot_id}:***"


@pytest.mark.parametrize(
    ("api_url", "base"),
    [
        ("https://api.telegram.org", "https://api.telegram.org"),
        ("https://api.telegram.org/", "https://api.telegram.org"),
        ("http://[::1]:8081/tg//", "http://[::1]:8081/tg"),
        ("HTTP://Bot-Api:8081", "HTTP://Bot-Api:8081"),
    ],
)
def test_an_address_of_the_bot_api(
    api_url: str, base: str, token: str, me: dict[str, Any], script: Callable[..., Any]
) -> None:
    assert check_api_url(api_url) == base
    transport = script(ok(me))
    BotApi(BotToken(token), transport=transport, api_url=api_url).get_me()
    assert transport.urls == [f"{base}/bot{token}/getMe"]


@pytest.mark.parametrize(
    "api_url",
    [
        "",
        "api.telegram.org",
        "ftp://api.telegram.org",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@api.telegram.org",
        "https://api.telegram.org?x=1",
        "https://api.telegram.org#x",
        "https://api.telegram.org:99999",
        "https://api.telegram.org:0",
        "https://[::1",
        "https://api telegram.org",
        "https://api.telegram.org\n",
    ],
)
def test_what_is_no_address(api_url: str) -> None:
    with pytest.raises(BotApiError) as caught:
        check_api_url(api_url)
    assert caught.value.reason == "bad_option"
    assert "pass@" not in str(caught.value)


def test_no_error_shows_the_token(token: str, script: Callable[..., Any]) -> None:
    url = f"https://api.telegram.org/bot{token}/getMe"
    secret = token.partition(":")[2]
    for answer in (bad(400, f"no such thing: {url}"), BotApiError("unreachable", f"no connection ({url})")):
        with pytest.raises(BotApiError) as caught:
            BotApi(BotToken(token), transport=script(answer)).get_me()
        error = caught.value
        assert secret not in f"{error}{error!r}{error.as_failure()}{error.found}"
        assert error.__cause__ is None
        assert error.__context__ is None


def test_a_long_text_is_cut_behind_the_mask(token: str, script: Callable[..., Any]) -> None:
    for before in range(230, 250):
        with pytest.raises(BotApiError) as caught:
            BotApi(BotToken(token), transport=script(bad(400, "x" * before + token + "y" * 5000))).get_me()
        assert token.partition(":")[2][:4] not in str(caught.value)
        assert len(str(caught.value)) < 600


def test_an_error_names_object_expectation_finding_and_remedy(token: str, script: Callable[..., Any]) -> None:
    with pytest.raises(BotApiError) as caught:
        BotApi(BotToken(token), transport=script(bad(401, "Unauthorized"))).get_me()
    bot_id = token.partition(":")[0]
    assert str(caught.value) == (
        f"Telegram bot {bot_id}, getMe at https://api.telegram.org: expected the bot's identity, "
        f'found 401 "Unauthorized". {ADVICE["revoked"]}'
    )
    assert caught.value.as_failure() == {
        "reason": "revoked",
        "temporary": False,
        "expected": "the bot's identity",
        "found": '401 "Unauthorized"',
        "advice": ADVICE["revoked"],
        "method": "getMe",
        "status": 401,
        "description": "Unauthorized",
        "retry_after": None,
        "attempts": 1,
    }


def test_every_reason_has_advice() -> None:
    reasons = {case[1] for case in CASES}
    assert reasons <= set(ADVICE)
    assert set(ADVICE) >= TEMPORARY
