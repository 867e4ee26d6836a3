"""What of a container's environment is secret, and that none of it is left in a text."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.redaction import Redactor


@pytest.mark.parametrize(
    ("environment", "text", "expected"),
    [
        (["POSTGRES_PASSWORD=correct-horse"], "login correct-horse failed", "login *** failed"),
        (["S3_SECRET_KEY=a/b+c/d+e"], "key a%2Fb%2Bc%2Fd%2Be, a/b+c/d+e", "key ***, ***"),
        (["DB_PASS=longest-one", "API_KEY=longest"], "longest-one longest", "*** ***"),
        (["DATABASE_URL=postgresql://bot:horse@db/bot"], "db://bot:horse@db", "db://bot:***@db"),
        (["DATABASE_URL=postgresql://bot:battery@db/bot"], "the password battery", "the password ***"),
        # As a URL has it and as a program does; in JSON; encoded; of several lines, each.
        (["DATABASE_URL=db://bot:p%40ssword@db"], "p%40ssword, p@ssword", "***, ***"),
        (['API_KEY=say"this"now'], r'{"key": "say\"this\"now"}', '{"key": "***"}'),
        (["API_KEY=correct-horse"], "Y29ycmVjdC1ob3JzZQ==", "***"),
        (["TLS_KEY_FILE=first-half\nother-half"], "other-half / first-half", "*** / ***"),
        # Behind the question mark, whether it is known or only has such a name.
        (["REDIS_URL=redis://r/0?password=correct-horse"], "login correct-horse", "login ***"),
        (["R=redis+sentinel://r/m?sentinel_password=cor%2Fhorse"], "cor/horse, cor%2Fhorse", "***, ***"),
        (["REDIS_URL=redis://r/0?password=a+horse&db=1"], "a horse, a+horse", "***, ***"),
        (None, "redis://r/0?db=1&password=abc&sslkey=/k", "redis://r/0?db=1&password=***&sslkey=/k"),
        (None, "GET /x?api_key=abc&ssl_keyfile=/k", "GET /x?api_key=***&ssl_keyfile=/k"),
        # That nobody has encoded, also in a URL whose client reads it otherwise.
        (["URL=db://bot:hu/sh@db"], "db://bot:hu/sh@db, bot:hu/sh@db", "db://bot:***@db, bot:***@db"),
        (["DATABASE_URL=db://bot:p@hush@db"], "db://bot:p@hush@db", "db://bot:***@db"),
        (["DATABASE_URL=db://bot:horse/battery@db"], "port 'battery' of db", "port '***' of db"),
        # Too short to be told from a word; not secret by name; no value at all; no environment.
        (["REDIS_PASSWORD=bot"], "bot-polling-1", "bot-polling-1"),
        (["INSTANCE_ID=bot-polling-1"], "bot-polling-1", "bot-polling-1"),
        (["REDIS_PASSWORD"], "anything", "anything"),
        (None, "redis://:horse@redis:6379", "redis://:***@redis:6379"),
    ],
)
def test_secrets_are_masked(environment: list[str] | None, text: str, expected: str) -> None:
    assert Redactor.of(environment)(text) == expected


def test_tokens_are_masked_whatever_their_variable_is_called(token: str) -> None:
    bot_id, secret = token.split(":")
    mask = Redactor.of([f"BOT={token}"])
    assert mask(f"/bot{token}/getMe") == f"/bot{bot_id}:***/getMe"
    # Also the parts of one that was cut.
    assert secret[5:20] not in mask(f"… {secret[5:20]} …")


def test_unknown_tokens_are_masked_by_their_shape(token: str) -> None:
    assert token.partition(":")[2] not in Redactor()({"a": [f"x {token}"], token: 1, "n": None}).__repr__()


def test_names_keep_what_a_password_is_a_part_of(token: str) -> None:
    mask = Redactor.of(["REDIS_PASSWORD=polling", f"TELEGRAM_BOT_TOKEN={token}"])
    assert mask.tokens_in("bot-polling-1") == "bot-polling-1"
    assert token not in mask.tokens_in(f"lease-{token}")


def test_a_masker_does_not_show_what_it_masks(token: str) -> None:
    shown = repr(Redactor.of(["REDIS_PASSWORD=correct-horse", f"TELEGRAM_BOT_TOKEN={token}"]))
    assert shown == "Redactor(1 tokens, 2 others)"
    assert "hu/sh" not in repr(Redactor.of(["DATABASE_URL=db://bot:hu/sh@db"]))
