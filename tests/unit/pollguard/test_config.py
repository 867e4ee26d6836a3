"""Settings: what is accepted, what is refused and how, and that no secret shows."""

from __future__ import annotations

import signal

import pytest
from pollguard import exit_codes
from pollguard.config import Settings, from_environment
from pollguard.errors import RedisUrlError, SettingsError
from pollguard.lease.redis_url import parse_redis_url
from pollguard.naming import instance_name, lease_name, socket_name
from pollguard_harness import BOT_ID, make_token

TOKEN = make_token()
BASE = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": TOKEN, "INSTANCE_ID": "bot-polling-1"}


def read(**env: str) -> Settings:
    return from_environment(BASE | env, "process")


def test_defaults() -> None:
    settings = read()
    margins = settings.margins
    assert (margins.ttl, margins.renew, margins.request_timeout) == (3.0, 0.5, 0.5)
    assert (margins.term_grace, margins.kill_margin) == (1.0, 0.5)
    assert settings.lease == f"pollguard:{{{BOT_ID}}}:lease"
    assert settings.instance == "bot-polling-1"
    assert (settings.stop_timeout, settings.stop_signal) == (25.0, signal.SIGTERM)
    assert (settings.poll_max_age, settings.deaf_after, settings.start_grace) == (60.0, 60.0, 60.0)
    assert settings.api_url == "https://api.telegram.org"
    assert settings.health_command is None
    assert settings.metrics_port == 9091


@pytest.mark.parametrize("ttl", ["0.5", "1", "2", "10", "60"])
def test_the_time_to_live_alone_can_be_changed(ttl: str) -> None:
    assert read(POLLGUARD_TTL=ttl).margins.ttl == float(ttl)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"POLLGUARD_TTL": "soon"}, "POLLGUARD_TTL must be seconds from 0 to 86400, found 'soon'"),
        ({"POLLGUARD_TTL": "nan"}, "POLLGUARD_TTL must be seconds"),
        ({"POLLGUARD_TTL": "-1"}, "POLLGUARD_TTL must be seconds"),
        ({"POLLGUARD_TTL": "0"}, "POLLGUARD_TTL must be at least 0.2 s, found 0"),
        ({"POLLGUARD_RENEW": "3"}, "POLLGUARD_RENEW must be less than POLLGUARD_TTL, found 3 and 3 s"),
        ({"POLLGUARD_RENEW": "0"}, "POLLGUARD_RENEW must be at least 0.02 s"),
        ({"POLLGUARD_RENEW": "1"}, "must not exceed POLLGUARD_TTL - POLLGUARD_TERM_GRACE"),
        ({"POLLGUARD_REDIS_TIMEOUT": "2"}, "POLLGUARD_RENEW + 2 x POLLGUARD_REDIS_TIMEOUT must not exceed"),
        ({"POLLGUARD_TERM_GRACE": "2"}, "found 1.5 s and 0.5 s"),
        ({"POLLGUARD_KILL_MARGIN": "0"}, "POLLGUARD_KILL_MARGIN must be at least 0.05 s"),
        ({"POLLGUARD_METRICS_PORT": "65536"}, "POLLGUARD_METRICS_PORT must be a whole number"),
        ({"POLLGUARD_METRICS_PORT": "9091.5"}, "POLLGUARD_METRICS_PORT must be a whole number"),
        ({"POLLGUARD_STOP_SIGNAL": "SIGNOTHING"}, "POLLGUARD_STOP_SIGNAL must be a signal's name"),
        ({"POLLGUARD_LOG_LEVEL": "loud"}, "POLLGUARD_LOG_LEVEL must be one of"),
        ({"POLLGUARD_HEALTH_COMMAND": "curl 'x"}, "POLLGUARD_HEALTH_COMMAND can't be split"),
        ({"POLLGUARD_HEALTH_RETRIES": "0"}, "must be above 0"),
        ({"INSTANCE_ID": "a b"}, "INSTANCE_ID must be 1 to 64 letters"),
        ({"POLLGUARD_LEASE_NAME": "a b"}, "POLLGUARD_LEASE_NAME must be at most 200"),
        ({"TELEGRAM_BOT_TOKEN": ""}, "set TELEGRAM_BOT_TOKEN or POLLGUARD_LEASE_NAME"),
    ],
)
def test_bad_settings(env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**env)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == exit_codes.BAD_SETTINGS


def test_a_malformed_token_is_not_quoted() -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{"TELEGRAM_BOT_TOKEN": "12:shortsecret"})
    assert "found 14 characters" in str(caught.value)
    assert "shortsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host", "redis://host:6379/0"),
        ("redis://user:pw@host:7000/2", "redis://host:7000/2"),
        ("redis://:pw@host/3", "redis://host:6379/3"),
        ("redis://[::1]:7000/2", "redis://[::1]:7000/2"),
        ("rediss://:p%40w@host/2?ssl_cert_reqs=none", "rediss://host:6379/2"),
        ("unix:///run/redis.sock?db=4", "unix:///run/redis.sock db 4"),
        ("redis+sentinel://a,b:7,[::2]:8/bots/2", "redis+sentinel://a:26379,b:7,[::2]:8/bots/2"),
        ("rediss+sentinel://u:p@a/bots?sentinel_password=x", "rediss+sentinel://a:26379/bots/0"),
    ],
)
def test_redis_urls(url: str, shown: str) -> None:
    assert str(parse_redis_url(url)) == shown


def test_the_login_of_a_redis_url() -> None:
    address = parse_redis_url(
        "rediss+sentinel://us%3Aer:p%40%2Fw@a/bots?sentinel_username=s&sentinel_password=t"
    )
    assert (address.username, address.password) == ("us:er", "p@/w")
    assert address.secrets == ("p@/w", "t")
    assert "p@/w" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:6379",
        "http://host",
        "redis://",
        "redis://:secret@",
        "redis://secret:secret@host:port/2",
        "redis://host:0",
        "redis://host:65536",
        "redis://secret@host/two",
        "redis://host/2/3",
        "redis://a:6379,b:6379/2",
        "redis://::1/2",
        "redis://[::1/2",
        "redis://host/2?ssl_ca_certs=/x",
        "redis://host/2?password=secret",
        "rediss://host?ssl_ca_certs=/no/such/file",
        "rediss://host?ssl_cert_reqs=perhaps",
        "redis+sentinel://:secret@a:26379",
        "unix://secret@relative/path",
    ],
)
def test_bad_redis_urls(url: str) -> None:
    with pytest.raises(RedisUrlError) as caught:
        read(POLLGUARD_REDIS_URL=url)
    assert caught.value.exit_code == exit_codes.BAD_REDIS_URL
    assert str(caught.value).startswith("POLLGUARD_REDIS_URL ")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names() -> None:
    assert instance_name({"POLLGUARD_INSTANCE": "a", "INSTANCE_ID": "b"}) == "a"
    assert instance_name({})
    assert lease_name({"TELEGRAM_TOKEN": TOKEN}) == f"pollguard:{{{BOT_ID}}}:lease"
    assert lease_name({"POLLGUARD_LEASE_NAME": "mine", "TELEGRAM_TOKEN": "bad"}) == "mine"


def test_socket_names_are_abstract_short_and_distinct() -> None:
    short = socket_name("bot-1", "pollguard:{1}:lease")
    assert short == b"\0pollguard/bot-1/pollguard:{1}:lease"
    long = {socket_name("i" * 64, "l" * 199 + end) for end in "ab"}
    assert len(long) == 2
    assert all(len(name) <= 107 for name in long)
