"""Connection URLs as people write them, of whichever library they were written for."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.aisha.cluster.plugins.filter.database_parts import database_parts
from ansible_collections.aisha.cluster.plugins.filter.redis_parts import redis_parts
from ansible_collections.aisha.cluster.plugins.module_utils._core.connection_url import UrlError, parse
from hypothesis import example, given
from hypothesis import strategies as st

# Each is a password that somebody has; none of them was encoded.
PASSWORDS = [
    *("plain", "a#b", "a/b", "a@b", "a%b", "a:b", "a?b", "a?b=c", "a&b", "a=b", "a+b", "a b", "a,b", "a[b]"),
    *(
        "#first",
        "/first",
        "@first",
        "%first",
        ":first",
        "?first",
        "last#",
        "last/",
        "last@",
        "last%",
        "last:",
    ),
    *(
        "12/34",
        "1:2/3",
        "a//b",
        "a://b",
        "a@b@c",
        "a@b/c",
        "a@b:1/c",
        "50%",
        "ä€",
        "p@ss/w?rd#x",
        "$HOME",
        "a;b",
        "5?b=c",
        "12345?b=c@d",
    ),
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg", "redis", "rediss"])
def test_a_password_may_have_any_character(scheme: str, password: str) -> None:
    url = parse(f"{scheme}://bot:{password}@db.example:6000/7?timeout=5")
    assert (url.user, url.password, url.host, url.port, url.path) == (
        "bot",
        password,
        "db.example",
        6000,
        "7",
    )
    assert url.options == {"timeout": "5"}


@pytest.mark.parametrize("password", PASSWORDS)
def test_what_is_encoded_is_decoded_and_the_same_again(password: str) -> None:
    encoded = f"redis://bot:{quote(password, safe='')}@redis:6379/2"
    assert parse(encoded).password == password
    assert str(parse(encoded)) == encoded
    assert redis_parts(f"redis://bot:{password}@redis:6379/2")["url"] == encoded


@given(st.text(st.characters(codec="utf-8", exclude_characters="%"), min_size=1, max_size=30))
@example("a@b?c=d")
def test_any_encoded_password_comes_back(password: str) -> None:
    url = parse(f"postgresql://bot:{quote(password, safe='')}@db:5432/bot")
    assert (url.password, url.host, url.path) == (password, "db", "bot")
    assert parse(str(url)) == url


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("redis://redis", [("redis", None)]),
        ("redis://10.0.0.5:7000", [("10.0.0.5", 7000)]),
        ("redis://[fd00::5]:7000/1", [("fd00::5", 7000)]),
        ("redis://[fd00::5]", [("fd00::5", None)]),
        ("redis://my_redis-1.internal:7000", [("my_redis-1.internal", 7000)]),
        ("redis+sentinel://a:1,b,[fd00::5]:3/main/0", [("a", 1), ("b", None), ("fd00::5", 3)]),
        ("postgresql://%2Frun%2Fpostgresql/bot", [("/run/postgresql", None)]),
        ("postgresql:///bot?host=/run/postgresql", []),
    ],
)
def test_hosts(text: str, hosts: list[tuple[str, int | None]]) -> None:
    assert list(parse(text).hosts) == hosts
    assert parse(str(parse(text))) == parse(text)


def test_an_at_sign_in_an_option_is_the_options() -> None:
    url = parse("postgresql://bot:secret@db/bot?application_name=me@there&mail=a@b")
    assert (url.password, url.host) == ("secret", "db")
    assert url.options == {"application_name": "me@there", "mail": "a@b"}


@pytest.mark.parametrize(
    ("text", "password", "host"),
    [
        ("redis://bot:5?b=c@db/1", "5?b=c", "db"),
        ("redis://:5?b=c@db:6379", "5?b=c", "db"),
        ("redis://bot:5?b=c@db/1?name=me@there", "5?b=c", "db"),
        # Nothing else tells that this isn't host and port.
        ("redis://redis:6379?name=me@there", "", "redis"),
        ("redis://redis?name=me@there/x", "", "redis"),
        ("redis://redis:6379/1?name=me@there/x", "", "redis"),
        ("redis://bot:p@redis:6379?name=me@there/x", "p", "redis"),
    ],
)
def test_password_of_digits_is_no_port(text: str, password: str, host: str) -> None:
    assert (parse(text).password, parse(text).host) == (password, host)


@pytest.mark.parametrize(
    "text", ["", "redis", "db:5432/bot", "://db", "redis://u:hunter2@db:99999/0", "redis://u:hunter2@d b"]
)
def test_invalid_url_is_reported_without_its_values(text: str) -> None:
    with pytest.raises(UrlError) as refused:
        parse(text)
    assert "expected" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(parse("redis://:hunter2@redis?password=hunter2"))


DATABASE = {"host": "db", "port": 5432, "database": "bot", "user": "u", "password": "p"}


@pytest.mark.parametrize(
    ("text", "differs", "url"),
    [
        ("postgresql://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        ("postgres://u:p@db:6000/bot", {"port": 6000}, "postgresql://u:p@db:6000/bot"),
        ("postgresql+asyncpg://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        ("postgresql+psycopg2://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        ("postgis://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        ("pgsql://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        ("POSTGRESQL://u:p@db/bot", {}, "postgresql://u:p@db/bot"),
        (
            "postgresql+asyncpg://u:p@db/bot?ssl=require&prepared_statement_cache_size=0",
            {"ssl_mode": "require"},
            "postgresql://u:p@db/bot?sslmode=require",
        ),
        (
            "postgresql://u:p@db/bot?ssl=true",
            {"ssl_mode": "require"},
            "postgresql://u:p@db/bot?sslmode=require",
        ),
        (
            "postgresql://u:p@db/bot?ssl=False",
            {"ssl_mode": "disable"},
            "postgresql://u:p@db/bot?sslmode=disable",
        ),
        (
            "postgresql://u:p@db/bot?pgbouncer=true&connection_limit=1&schema=public&sslmode=verify-full",
            {"ssl_mode": "verify-full"},
            "postgresql://u:p@db/bot?sslmode=verify-full",
        ),
        ("postgresql://u:p@db/bot?connect_timeout=5&x=1", {}, "postgresql://u:p@db/bot?connect_timeout=5"),
        ("postgresql://u:p@db,other:6000/bot", {}, "postgresql://u:p@db,other:6000/bot"),
        (
            "postgresql://u:p@/bot?host=/run/postgresql",
            {"host": "/run/postgresql"},
            "postgresql://u:p@%2Frun%2Fpostgresql/bot",
        ),
        ("postgresql://db", {"database": "", "user": "", "password": ""}, "postgresql://db"),
        # What libpq takes behind the question mark too, and prefers.
        ("postgresql://db/bot?user=u&password=p", {}, "postgresql://u:p@db/bot"),
        ("postgresql://x:y@z/no?host=db&port=6000&user=u&password=p&dbname=bot", {"port": 6000}, "postgresql://u:p@db:6000/bot"),
        ("postgresql://u:p@localhost/bot?host=/run/pg", {"host": "/run/pg"}, "postgresql://u:p@%2Frun%2Fpg/bot"),
        ("postgresql+psycopg2://u:p@/bot?host=db:6000", {"port": 6000}, "postgresql://u:p@db:6000/bot"),
        ("postgresql://u:p@/bot?host=db,other&port=6000", {"port": 6000}, "postgresql://u:p@db:6000,other:6000/bot"),
        ("postgresql://u:p@db,other/bot?port=,6000", {}, "postgresql://u:p@db,other:6000/bot"),
        ("postgresql://u:p@/bot?hostaddr=10.0.0.5", {"host": "10.0.0.5"}, "postgresql://u:p@10.0.0.5/bot?hostaddr=10.0.0.5"),
    ],
)  # fmt: skip
def test_postgresql_in_the_dialects_of_its_clients(text: str, differs: dict[str, Any], url: str) -> None:
    parts = database_parts(text)
    assert {name: parts[name] for name in parts if name not in ("address", "probe_url")} == {
        **{"fault": "", "is_postgresql": True, "ssl_mode": ""},
        **DATABASE,
        **differs,
        "url": url,
    }
    assert database_parts(url)["url"] == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("postgresql+asyncpg://u:p@db/bot?ssl=require&x=1", "postgresql://u:p@db/bot?sslmode=require"),
        ("postgresql://db?sslmode=verify-full&sslrootcert=/app/rds.pem", "postgresql://db?sslmode=require"),
        ("postgresql://db?sslmode=verify-ca&connect_timeout=5", "postgresql://db?connect_timeout=5&sslmode=require"),
        ("postgresql://db?ssl=verify-full", "postgresql://db?sslmode=require"),
        ("postgresql://db?sslmode=require&sslcert=ca.pem", "postgresql://db?sslmode=require"),
        ("postgresql://db?sslmode=require&sslcert=/app/crt&sslkey=/app/key", ""),
        ("postgresql://db?sslidentity=client.p12", ""),
        ("postgresql:///bot?host=/run/postgresql", ""),
        ("postgresql://%2Frun%2Fpostgresql/bot", ""),
        ("postgresql://db,%2Frun%2Fpostgresql/bot", ""),
        ("sqlite:///bot.db", ""),
    ],
)  # fmt: skip
def test_postgresql_as_another_image_can_ask_it(text: str, url: str) -> None:
    assert database_parts(text)["probe_url"] == url


@pytest.mark.parametrize(
    "text",
    [
        *(
            "sqlite:///bot.db",
            "sqlite+aiosqlite:////data/bot.db",
            "mysql://u:p@db/bot",
            "mysql+pymysql://u:p#@db/bot",
        ),
        *("mongodb://u:p@a,b/bot?replicaSet=x", "mongodb+srv://u:p@cluster.example", "mariadb://db", ""),
        *("file:./dev.db", "file:/data/bot.db?mode=ro", "sqlite::memory:", "jdbc:sqlite:/data/bot.db"),
        *("jdbc:postgresql://u:p@db/bot", "jdbc:oracle:thin:u/p@//db:1521/bot", "duckdb:bot.duckdb"),
    ],
)
def test_other_databases_are_the_applications_own_business(text: str) -> None:
    parts = database_parts(text)
    assert (parts["fault"], parts["is_postgresql"], parts["url"], parts["host"]) == ("", False, "", "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("db:5432/bot", "found no scheme"),
        ("db", "found no scheme"),
        ("://db", "found no scheme"),
        ("bot:secret@db/bot", "found no scheme"),
        ("postgresql:bot", "found no scheme"),
        ("postgres:/bot", "found no scheme"),
        ("postgresql://db/bot?port=x", "expected a port from 1 to 65535"),
        ("postgresql://", "expected a host in it"),
        ("postgresql://u:p@db:x/bot", "expected hosts of letters"),
        ("postgresql://u:p@db:0/bot", "expected a port from 1 to 65535"),
    ],
)
def test_what_is_wrong_with_a_databases_url(text: str, fault: str) -> None:
    parts = database_parts(text)
    assert fault in parts["fault"]
    assert (parts["url"], parts["password"]) == ("", "")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("redis://redis", "redis://redis/0"),
        ("redis://redis:7000/3", "redis://redis:7000/3"),
        ("redis://:p@redis/3", "redis://:p@redis/3"),
        ("redis://u:p@redis/3", "redis://u:p@redis/3"),
        ("rediss://redis?ssl_cert_reqs=none", "rediss://redis/0?ssl_cert_reqs=none"),
        ("redis://redis?db=3", "redis://redis/3"),
        ("redis://redis/0?decode_responses=true&socket_timeout=5", "redis://redis/0"),
        ("valkey://redis/1", "redis://redis/1"),
        ("valkeys://redis/1", "rediss://redis/1"),
        ("redis+sentinel://:p@a:1,b:2/main/3", "redis+sentinel://:p@a:1,b:2/main/3"),
        ("redis+sentinel://a/main", "redis+sentinel://a/main/0"),
        ("rediss+sentinel://a/main?sentinel_password=s", "rediss+sentinel://a/main/0?sentinel_password=s"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
        ("unix://:p@/run/redis.sock", "unix://:p@/run/redis.sock?db=0"),
        ("redis+socket:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("redis://redis?username=u&password=p%40w&db=1", "redis://u:p%40w@redis/1"),
        ("redis://u:p@redis?username=x&password=y", "redis://u:p@redis/0"),
        ("redis+sentinel://a/main?password=p&sentinel_password=s", "redis+sentinel://:p@a/main/0?sentinel_password=s"),
        ("unix:///run/redis.sock?password=p", "unix://:p@/run/redis.sock?db=0"),
        ("rediss://redis?ssl_cert_reqs=CERT_NONE", "rediss://redis/0?ssl_cert_reqs=none"),
        ("rediss://redis?ssl_cert_reqs=optional", "rediss://redis/0?ssl_cert_reqs=required"),
        ("rediss://redis?ssl_check_hostname=no", "rediss://redis/0?ssl_check_hostname=false"),
    ],
)  # fmt: skip
def test_redis_as_the_poll_guard_reads_it(text: str, url: str) -> None:
    assert (redis_parts(text)["fault"], redis_parts(text)["url"]) == ("", url)
    lease = redis_parts(text, database=9)["url"]
    assert redis_parts(lease)["database"] == 9
    assert redis_parts(lease, database=redis_parts(text)["database"])["url"] == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("redis://u:p@redis/3", "redis://u:p@redis/9"),
        ("redis+sentinel://:p@a,b/main", "redis+sentinel://:p@a,b/main/9"),
        ("rediss://redis", "rediss://redis/9"),
        ("rediss://redis?ssl_check_hostname=false", "rediss://redis/9?ssl_check_hostname=false"),
        ("rediss://redis?ssl_cert_reqs=none", "rediss://redis/9?ssl_cert_reqs=none&ssl_check_hostname=false"),
        (
            "rediss+sentinel://a/m?ssl_ca_certs=/app/ca.pem&sentinel_password=s",
            "rediss+sentinel://a/m/9?sentinel_password=s&ssl_cert_reqs=none&ssl_check_hostname=false",
        ),
        ("rediss://redis?ssl_certfile=/app/crt&ssl_keyfile=/app/key", ""),
        ("redis://redis?ssl_certfile=/app/crt", "redis://redis/9"),
        ("unix:///run/redis.sock", ""),
    ],
)
def test_redis_as_another_image_can_ask_it(text: str, url: str) -> None:
    assert redis_parts(text, database=9)["probe_url"] == url


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("redis", "found no scheme"),
        ("http://redis", "found http://"),
        ("redis://", "expected a host in it"),
        ("redis://a,b/0", "found several hosts"),
        ("redis+sentinel://a:1,b:2", "expected the service's name"),
        ("redis://redis/main", "expected a number as the database"),
        ("redis://redis/0/1", "expected a database's number after the host"),
        ("unix://redis", "expected the absolute path of a socket"),
        ("redis://redis:70000", "expected a port from 1 to 65535"),
    ],
)
def test_what_is_wrong_with_redis_url(text: str, fault: str) -> None:
    parts = redis_parts(text)
    assert fault in parts["fault"]
    assert (parts["url"], parts["host"]) == ("", "")


def test_sentinels_are_no_server() -> None:
    parts = redis_parts("redis+sentinel://u:p@a:1,b/main/3")
    assert (parts["sentinels"], parts["host"], parts["port"], parts["database"]) == (True, "", 0, 3)
    assert (parts["user"], parts["password"], parts["address"]) == ("u", "p", "a:1,b/main/3")
