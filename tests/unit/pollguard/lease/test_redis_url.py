"""Redis URLs: what is accepted, what is refused and how, and that no secret shows."""

from __future__ import annotations

import pytest
from pollguard import exit_codes
from pollguard.config import from_environment
from pollguard.errors import RedisUrlError
from pollguard.lease.redis_url import parse_redis_url


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
        from_environment({"POLLGUARD_REDIS_URL": url, "POLLGUARD_LEASE_NAME": "x"}, "process")
    assert caught.value.exit_code == exit_codes.BAD_REDIS_URL
    assert str(caught.value).startswith("POLLGUARD_REDIS_URL ")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
