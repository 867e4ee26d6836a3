"""Names of the instance, the lease and the socket."""

from __future__ import annotations

from pollguard.naming import instance_name, lease_name, socket_name
from pollguard_harness import BOT_ID, make_token


def test_names() -> None:
    assert instance_name({"POLLGUARD_INSTANCE": "a", "INSTANCE_ID": "b"}) == "a"
    assert instance_name({})
    assert lease_name({"TELEGRAM_TOKEN": make_token()}) == f"pollguard:{{{BOT_ID}}}:lease"
    assert lease_name({"POLLGUARD_LEASE_NAME": "mine", "TELEGRAM_TOKEN": "bad"}) == "mine"


def test_socket_names_are_abstract_short_and_distinct() -> None:
    short = socket_name("bot-1", "pollguard:{1}:lease")
    assert short == b"\0pollguard/bot-1/pollguard:{1}:lease"
    long = {socket_name("i" * 64, "l" * 199 + end) for end in "ab"}
    assert len(long) == 2
    assert all(len(name) <= 107 for name in long)
