"""The shape of a token, and how it is kept out of texts."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.bot_token import (
    MASK,
    BotToken,
    redact_any_token,
    shape_fault,
)
from hypothesis import given
from hypothesis import strategies as st

# The rule as the server has it, beside ours that explains.
SERVER_RULE = re.compile(r"[1-9][0-9]{0,16}:[A-Za-z0-9_-]{24,}")
LETTERS = "a1B2c3D4e5F6g7H8i9J0_-kLm"


@pytest.mark.parametrize(
    ("token", "part_of_fault"),
    [
        ("", "an empty value"),
        (f"12345:{LETTERS}\n", "white space"),
        (f" 12345:{LETTERS}", "white space"),
        (f"'12345:{LETTERS}'", "quotation marks"),
        (f'12345:{LETTERS}"', "quotation marks"),
        (f"bot12345:{LETTERS}", 'begins with "bot"'),
        ("a-token-from-elsewhere", "without a colon"),
        (f":{LETTERS}", "bot's number"),
        (f"012345:{LETTERS}", "bot's number"),
        (f"{'9' * 18}:{LETTERS}", "bot's number"),
        (f"١٢٣٤٥:{LETTERS}", "bot's number"),
        ("12345:ABC-DEF", "7 characters after the colon"),
        (f"12345:{LETTERS[:-2]}", "23 characters after the colon"),
        (f"12345:ab cd{LETTERS}", "at position 9"),
        (f"12345:{LETTERS}:{LETTERS}", "at position 32"),
        ("<BOT_TOKEN>", "without a colon"),
        (f"12345:{'x' * 75}", "81 characters"),
    ],
)
def test_a_wrong_shape_is_explained_without_quoting_it(token: str, part_of_fault: str) -> None:
    fault = shape_fault(token)
    assert fault is not None
    assert part_of_fault in fault
    assert LETTERS[:6] not in fault
    with pytest.raises(ValueError, match=re.escape(fault)):
        BotToken(token)


@pytest.mark.parametrize(
    "token",
    [f"1:{LETTERS[:24]}", f"12345678901234567:{LETTERS}", f"12345:{'x' * 74}"],
)
def test_the_limits_belong_to_the_shape(token: str) -> None:
    assert shape_fault(token) is None


@given(
    st.one_of(
        st.text(),
        st.from_regex(SERVER_RULE, fullmatch=True),
        st.from_regex(r"[0-9bot'\" ]{0,4}:?[A-Za-z0-9_\-%:\n]{20,85}", fullmatch=True),
    )
)
def test_the_explanation_and_the_rule_agree(text: str) -> None:
    assert (shape_fault(text) is None) == (SERVER_RULE.fullmatch(text) is not None and len(text) <= 80)


def test_an_images_digest_is_no_token(token: str) -> None:
    image = f"localhost:5000/bot@sha256:{'1f' * 32}"
    assert BotToken(token).redact(f"{image} {token}") == f"{image} {BotToken(token)}"
    # What only begins like one may be.
    assert redact_any_token(f"sha256:{'1f' * 32}x") == f"sha256:{MASK}"


def test_nothing_prints_the_token(token: str) -> None:
    parsed = BotToken(token)
    secret = token.partition(":")[2]
    for shown in (str(parsed), repr(parsed), f"{parsed}", str(vars(BotToken))):
        assert secret[:8] not in shown
    assert str(parsed) == f"{parsed.bot_id}:{MASK}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("https://api.example/bot{token}/getMe", "https://api.example/bot{id}:***/getMe"),
        ("https://api.example/bot{quoted}/getMe", "https://api.example/bot{id}%3A***/getMe"),
        ("next=%2Fbot{quoted_twice}%2FgetMe", "next=%2Fbot{id}%253A***%2FgetMe"),
        ("{secret}", "***"),
        ("cut: {token:.30}", "cut: {id}:***"),
        ("tail: {secret_end}!", "tail: ***!"),
        ("every character: {all_quoted}", "every character: {all_quoted_id}***"),
        ("twice {token} and {token}.", "twice {id}:*** and {id}:***."),
        ("the bot {id} itself is public", "the bot {id} itself is public"),
        ("", ""),
        ("100 % of nothing", "100 % of nothing"),
    ],
)
def test_no_part_of_the_token_is_left(template: str, expected: str, token: str) -> None:
    bot_id, secret = token.split(":")
    words = {
        "token": token,
        "id": bot_id,
        "secret": secret,
        "secret_end": secret[-12:],
        "quoted": quote(token, safe=""),
        "quoted_twice": quote(quote(token, safe=""), safe=""),
        "all_quoted": "".join(f"%{ord(character):02x}" for character in token),
        "all_quoted_id": "".join(f"%{ord(character):02x}" for character in f"{bot_id}:"),
    }
    assert BotToken(token).redact(template.format_map(words)) == expected.format_map(words)


def test_redaction_reaches_into_structures(token: str) -> None:
    value = {"a": [token, 1, None, (f"x{token}",)], token: {"b": True}, "id": int(token.partition(":")[0])}
    masked = BotToken(token).redact(value)
    assert token.partition(":")[2] not in str(masked)
    assert masked["id"] == value["id"]
    assert masked["a"][1:3] == [1, None]


def test_tokens_of_others_are_masked_by_their_shape(token: str) -> None:
    text = f"GET /bot{token}/getUpdates and {quote(token, safe='')}"
    bot_id = token.partition(":")[0]
    assert redact_any_token(text) == f"GET /bot{bot_id}:***/getUpdates and {bot_id}%3A***"
