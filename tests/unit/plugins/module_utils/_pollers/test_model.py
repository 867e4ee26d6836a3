"""What the containers of pollers amount to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import ExecResult
from ansible_collections.aisha.cluster.plugins.module_utils._pollers.model import (
    Health,
    Lease,
    Look,
    Poller,
    Problem,
    Summary,
    conflicts_in,
    describe,
    guard_command,
    image_digest,
    in_order,
    summarise,
)

DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
GUARD = ["/pollguard/lib/ld.so", "/pollguard/usr/bin/python3", "-I", "/pollguard/app"]
STATUS: dict[str, Any] = {
    "instance": "bot-polling-1",
    "mode": "gate",
    "role": "active",
    "good": True,
    "fault": None,
    "lease": "pollguard:{7}:lease",
    "holder": "bot-polling-1",
    "epoch": 7,
    "time_left_s": 2.5,
    "poll_age_s": 0,
    "command_poll_age_s": 0.25,
    "backlog": 3,
    "conflicts": 2,
    "conflict_age_s": 60.0,
}


def container(state: str = "running", **changes: Any) -> dict[str, Any]:
    return {
        "Name": "/aisha-bot-polling-1",
        "RestartCount": 4,
        "State": {
            "Status": state,
            "ExitCode": 0 if state == "running" else 75,
            "Health": {"Status": "healthy"},
        },
        "Config": {
            "Image": f"localhost:5000/bot@{DIGEST}",
            "Entrypoint": GUARD,
            "Cmd": ["run", "--mode", "gate", "--", "polling"],
            "Env": ["INSTANCE_ID=bot-polling-1", "REDIS_PASSWORD=correct-horse"],
            **changes,
        },
    }


def said(**changes: Any) -> ExecResult:
    return ExecResult(0, json.dumps({**STATUS, **changes}), "")


def test_everything_that_is_known_is_told() -> None:
    poller = describe(Look(container(), log="quiet\n", said=said()))
    assert poller.as_dict() == {
        "name": "aisha-bot-polling-1",
        "instance": "bot-polling-1",
        "state": "running",
        "exit_code": None,
        "restarts": 4,
        "image": f"localhost:5000/bot@{DIGEST}",
        "image_digest": DIGEST,
        "mode": "gate",
        "role": "active",
        "good": True,
        "problem": None,
        "found": None,
        "health": {"docker": "healthy", "fault": None},
        "lease": {
            "name": "pollguard:{7}:lease",
            "holder": "bot-polling-1",
            "epoch": 7,
            "time_left_s": 2.5,
        },
        "poll_age_s": 0,
        "command_poll_age_s": 0.25,
        "backlog": 3,
        "conflicts": {"guard": 2, "age_s": 60.0, "log": 0, "last": None},
        "guard": STATUS,
    }


@pytest.mark.parametrize(
    ("look", "problem"),
    [
        (
            Look(container("exited"), said=said()),
            "expected a running container, found it exited with exit code 75",
        ),
        (
            Look(container("restarting")),
            "expected a running container, found it restarting with exit code 75",
        ),
        (Look(container("paused")), "expected a running container, found it paused"),
        (Look({"Name": "/x"}), "expected a running container, found it unknown"),
        (
            Look(container(), problem=Problem("an answer within 5 s", "none; it is *full*, found out")),
            "expected an answer within 5 s, found none; it is *full*, found out",
        ),
        (
            Look(container()),
            "expected it to run under the poll guard (/pollguard/app), found that it doesn't",
        ),
        (
            Look(container(), said=ExecResult(1, "no guard runs here\n", "")),
            "expected the guard's status, found exit code 1: no guard runs here",
        ),
        (
            Look(container(), said=ExecResult(126, "", "no correct-horse\nmore")),
            "expected the guard's status, found exit code 126: no ***",
        ),
        (
            Look(container(), said=ExecResult(None, "", "")),
            "expected the guard's status, found exit code None: nothing",
        ),
        (
            Look(container(), said=ExecResult(0, "{", "")),
            "expected the guard's status as JSON, found something else",
        ),
        (
            Look(container(), said=ExecResult(0, "[]", "")),
            "expected the guard's status as JSON, found something else",
        ),
    ],
)
def test_a_guard_that_is_not_heard_is_reported(look: Look, problem: str) -> None:
    poller = describe(look)
    assert poller.problem == problem
    # What was found is a field of its own; no sentence is taken apart for it.
    assert poller.found
    assert problem.endswith(f", found {poller.found}")
    assert (poller.role, poller.good, poller.guard, poller.lease) == ("unknown", False, None, Lease())


def test_a_fault_is_the_guards_and_the_problem() -> None:
    poller = describe(Look(container(), said=said(role="standby", good=False, fault="deaf", holder="")))
    assert poller.health == Health("healthy", "deaf")
    assert (poller.role, poller.good, poller.lease.holder) == ("standby", False, None)
    assert (poller.problem, poller.found) == ("deaf", "deaf")


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"role": "king"}, "role", "unknown"),
        ({"good": "yes"}, "good", False),
        ({"backlog": None}, "backlog", None),
        ({"backlog": True}, "backlog", None),
        ({"poll_age_s": "1"}, "poll_age_s", None),
        ({"mode": None}, "mode", None),
        ({"instance": None}, "instance", "bot-polling-1"),
    ],
)
def test_a_guard_of_another_version_breaks_nothing(
    change: dict[str, Any], field: str, expected: object
) -> None:
    assert getattr(describe(Look(container(), said=said(**change))), field) == expected


def test_no_secret_is_told(token: str) -> None:
    env = [f"TELEGRAM_BOT_TOKEN={token}", "REDIS_PASSWORD=polling"]
    log = f"{'x' * 490} 409 Conflict: terminated by other getUpdates request {token}\n"
    last_error = f"AUTH polling failed for {token}"
    look = Look(container(Env=env), log=log, said=said(last_error=last_error, fault=f"bad {token}"))
    poller = describe(look)
    shown = repr(poller) + json.dumps(poller.as_dict())
    secret = token.partition(":")[2]
    assert not [start for start in range(len(secret) - 8) if secret[start : start + 8] in shown]
    assert poller.guard is not None
    assert "polling" not in poller.guard["last_error"]
    # A name isn't masked for a password that is a part of it.
    assert poller.lease.holder == "bot-polling-1"


@pytest.mark.parametrize(
    ("entrypoint", "command", "expected"),
    [
        (GUARD, ["run", "--", "x"], [*GUARD, "status"]),
        ([*GUARD, "run", "--", "x"], None, [*GUARD, "status"]),
        (["/opt/pollguard/app"], [], ["/opt/pollguard/app", "status"]),
        (None, ["polling"], None),
        (None, None, None),
    ],
)
def test_the_guard_is_asked_as_it_was_started(
    entrypoint: list[str] | None, command: list[str] | None, expected: list[str] | None
) -> None:
    assert guard_command(Look(container(Entrypoint=entrypoint, Cmd=command)), "status") == expected


@pytest.mark.parametrize(
    ("image", "repo_digests", "expected"),
    [
        (f"localhost:5000/bot@{DIGEST}", (), DIGEST),
        ("localhost:5000/bot:1.4", (f"other/bot@{OTHER}", f"localhost:5000/bot@{DIGEST}"), DIGEST),
        ("localhost:5000/bot", (f"other/bot@{OTHER}", f"localhost:5000/bot@{DIGEST}"), DIGEST),
        ("bot:1.4", (f"other/bot@{OTHER}",), OTHER),
        ("bot", (), None),
    ],
)
def test_the_digest_is_that_of_the_registry(
    image: str, repo_digests: tuple[str, ...], expected: str | None
) -> None:
    assert image_digest(Look(container(Image=image), repo_digests)) == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (None, (None, None)),
        ("", (0, None)),
        ("answered 409 in 0.1 s\nHTTP 409 Conflict for /orders\n", (0, None)),
        (
            "… WARNING pollguard: conflict: somebody else polls with this token (409)\nfine\n",
            (1, "… WARNING pollguard: conflict: somebody else polls with this token (409)"),
        ),
        ("TelegramConflictError: … Conflict: terminated by other getUpdates request; make sure", (1, ...)),
        ("telegram.error.Conflict: Conflict: terminated by other getUpdates request", (1, ...)),
        ("Error code: 409. Description: Conflict: terminated by other getUpdates request", (1, ...)),
        ("409: Conflict: can't use getUpdates method while webhook is active", (1, ...)),
    ],
)
def test_conflicts_are_told_from_other_409s(log: str | None, expected: tuple[Any, Any]) -> None:
    count, last = conflicts_in(log)
    assert count == expected[0]
    assert last == (log if expected[1] is ... else expected[1])


ACTIVE = Poller("aisha-bot-polling-1", role="active", good=True)
READY = Poller("aisha-bot-polling-2", role="standby", good=True)
UNREADY = Poller("aisha-bot-polling-2", role="standby")
DEAF = Poller("aisha-bot-polling-1", role="active")
STOPPED = Poller("aisha-bot-polling-2", state="exited")
ONE, TWO = ACTIVE.name, READY.name


@pytest.mark.parametrize(
    ("pollers", "expected"),
    [
        ([], Summary(0, [], [], [], True)),
        ([ACTIVE, READY], Summary(2, [ONE], [TWO], [], True)),
        ([ACTIVE, UNREADY], Summary(2, [ONE], [], [TWO], False)),
        ([DEAF, READY], Summary(2, [ONE], [TWO], [ONE], False)),
        ([ACTIVE, STOPPED], Summary(2, [ONE], [], [TWO], False)),
        ([READY], Summary(1, [], [TWO], [], True)),
    ],
)
def test_a_summary_is_what_a_playbook_asserts_on(pollers: list[Poller], expected: Summary) -> None:
    assert summarise(pollers) == expected


def test_pollers_are_in_the_order_of_their_numbers() -> None:
    names = ["a-bot-polling-10", "a-bot-polling-9", "a-bot-polling-1", ""]
    assert [poller.name for poller in in_order(map(Poller, names))] == ["", *reversed(names[:3])]
