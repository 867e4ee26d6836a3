"""Connection URLs made of parts, which nobody has to encode."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.filter.connection_input import connection_input
from ansible_collections.aisha.cluster.plugins.filter.database_parts import database_parts
from ansible_collections.aisha.cluster.plugins.filter.redis_parts import redis_parts
from hypothesis import given
from hypothesis import strategies as st

NOTHING = {"host": "", "port": 0, "user": "", "password": "", "options": {}}
DATABASE = {"scheme": "postgresql", "name": ""} | NOTHING
REDIS = {"scheme": "redis", "database": 0} | NOTHING
UNENCODED = "letters@#/%:?"


def database(url: str = "", **parts: Any) -> dict[str, str]:
    return connection_input(url, "database", **DATABASE | parts)


def redis(url: str = "", **parts: Any) -> dict[str, str]:
    return connection_input(url, "redis", **REDIS | parts)


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({}, ""),
        ({"host": "db"}, "postgresql://db"),
        (
            {"host": "db", "name": "bot", "user": "bot", "password": "a@b/c#d%e:f?g h"},
            "postgresql://bot:a%40b%2Fc%23d%25e%3Af%3Fg%20h@db/bot",
        ),
        ({"host": "db", "port": "5433", "user": "a:b"}, "postgresql://a%3Ab@db:5433"),
        ({"host": "db", "scheme": "postgresql+asyncpg"}, "postgresql+asyncpg://db"),
        ({"host": "fd00::1", "port": 5432}, "postgresql://[fd00::1]:5432"),
        ({"host": "[fd00::1]"}, "postgresql://[fd00::1]"),
        ({"host": "db", "options": {"sslmode": "require", "connect_timeout": 5}}, "postgresql://db?sslmode=require&connect_timeout=5"),
    ],
)  # fmt: skip
def test_a_database_in_parts(parts: dict[str, Any], url: str) -> None:
    assert database(**parts) == {"url": url, "fault": ""}


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({"scheme": "rediss"}, ""),
        ({"host": "r"}, "redis://r/0"),
        (
            {"host": "r", "port": 6380, "password": "p@ss", "database": "3", "scheme": "rediss"},
            "rediss://:p%40ss@r:6380/3",
        ),
        ({"host": "r", "user": "bot", "password": 12345}, "redis://bot:12345@r/0"),
    ],
)
def test_redis_in_parts(parts: dict[str, Any], url: str) -> None:
    assert redis(**parts) == {"url": url, "fault": ""}


def test_a_whole_url_stays_as_it_is() -> None:
    url = "postgresql://bot:un@encoded#@db/bot?pgbouncer=true"
    assert database(url) == {"url": url, "fault": ""}


@given(user=st.text(min_size=1), password=st.text(min_size=1), name=st.text("abc_-. /@:?#%ä", min_size=1))
def test_parts_are_read_as_they_were_given(user: str, password: str, name: str) -> None:
    made = database(host="db", user=user, password=password, name=name)
    assert made["fault"] == ""
    parts = database_parts(made["url"])
    assert (parts["host"], parts["user"], parts["password"], parts["database"]) == (
        "db",
        user,
        password,
        name,
    )
    made = redis(host="r", user=user, password=password, database=2)
    parts = redis_parts(made["url"])
    assert (parts["host"], parts["user"], parts["password"], parts["database"]) == ("r", user, password, 2)


@pytest.mark.parametrize(
    ("inputs", "expected", "found"),
    [
        (
            {"url": f"postgresql://u:{UNENCODED}@db/bot", "host": "db", "password": UNENCODED},
            "database_url: expected either it or parts of it",
            "it beside database_host, database_password",
        ),
        (
            {"name": "bot", "user": "bot", "password": UNENCODED},
            "database_host: expected a host's name or address beside database_name, database_user, "
            "database_password",
            "none",
        ),
        (
            {"host": f"u:{UNENCODED}@db"},
            "database_host: expected one host's name or address",
            "something else",
        ),
        ({"host": "one,two"}, "database_host: expected one host's name or address", "something else"),
        ({"host": "/run/postgresql"}, "database_host: expected one host's name or address", "something else"),
        ({"host": "db", "port": 65536}, "database_port: expected a number from 0 to 65535", "something else"),
        (
            {"host": "db", "port": "many"},
            "database_port: expected a number from 0 to 65535",
            "something else",
        ),
        (
            {"host": "db", "scheme": "a://b"},
            "database_scheme: expected what stands before ://",
            "something else",
        ),
        (
            {"host": "db", "options": "sslmode=require"},
            "database_options: expected a dictionary of names to text",
            "text",
        ),
    ],
)
def test_wrong_parts_are_refused_without_their_values(
    inputs: dict[str, Any], expected: str, found: str
) -> None:
    assert database(**inputs) == {"url": "", "fault": f"{expected}, found {found}"}


def test_the_number_of_a_database_is_one() -> None:
    fault = "redis_database: expected a number, found something else"
    assert redis(host="r", database="first") == {"url": "", "fault": fault}
