"""Updates under load: no webhook fails, no message is lost or answered twice, no two bots ever poll.

In the fast form good updates, and each way to fail once; with UPDATES=long Ctrl-C at every stage and faults
of each component. The tests share one cluster and come in the order in which they are written.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from faultlab.engine import Engine
from updatelab import cluster, hand_run, trouble, variants
from updatelab.runs import Run
from updatelab.trials import STAGES, Updates

UPDATE, ROLLBACK, RESTART = "rolling_update.yml", "rollback.yml", "restart.yml"
# The chat that the inventory names in release_notify_chat.
TOLD = -100_424_242
LONG = os.environ.get("UPDATES") == "long"
# With a hundred a second two cores have little left for Ansible, which takes three times as long then.
WEBHOOKS = 10_000 if LONG else 1_500
PER_SECOND = 100 if LONG else 10
MESSAGES_PER_SECOND = 20 if LONG else 5
# A plan comes before the lock, and the machine is busy with the load.
LOCKED_S = 240
# Longer than a bot lives that crashes after 20 s, and than a deaf one is left alone.
WATCH_S = 35
WATCHED = {"rolling_update_watch": WATCH_S, "rolling_update_on_failure": "rollback"}
long = pytest.mark.skipif(not LONG, reason="UPDATES=long")


def reported(answers: list[dict[str, Any]]) -> list[str]:
    """Return what the chat was told of runs, without names, numbers and times."""
    told = [str(answer["text"]) for answer in answers if answer["chat_id"] == TOLD]
    return [re.sub(r"by [^\s:]+|after .*? s\b|release \d+|(?<=→ )\d+", "…", text) for text in told]


def test_a_good_update_replaces_everything_and_nobody_notices(updates: Updates, said: list[Run]) -> None:
    standin = updates.site.standin
    already = standin.answers_cursor()
    with ThreadPoolExecutor(1) as beside:
        second = beside.submit(restart_when_locked, updates)
        result = updates.under_load(
            UPDATE,
            updates.source("good", "2"),
            per_second=PER_SECOND,
            messages_per_second=MESSAGES_PER_SECOND,
            least=WEBHOOKS / PER_SECOND,
        )
    said += [result.run, second.result()]
    assert result.run.code == 0, result.run.error
    # Of two runs at once the second is refused.
    assert second.result().code != 0
    assert "lock" in second.result().error.lower()
    assert result.problems() == []
    assert result.outcome.webhooks_sent >= WEBHOOKS * 0.99
    before, after = cluster.application(result.before), cluster.application(result.after)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name].image == after[name].image] == []
    assert all("@sha256:" in one.image for one in after.values())
    assert reported(standin.answers(updates.site.username, already)) == [
        "aisha: rolling_update … has begun, on …",
        "aisha: rolling_update …: succeeded …, … → …",
    ]


def restart_when_locked(updates: Updates) -> Run:
    """Start another run as soon as the first one holds the lock."""
    deadline = time.monotonic() + LOCKED_S
    while not locked(updates):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no run has taken the lock within {LOCKED_S} s")
        time.sleep(0.5)
    return updates.run(RESTART, {"restart_parts": "workers"})


def locked(updates: Updates) -> bool:
    """Whether a run holds the cluster's lock."""
    return bool(updates.engine.run("cat", "/opt/aisha/lock.json", check=False))


def test_the_same_again_replaces_nothing(updates: Updates, said: list[Run]) -> None:
    standin = updates.site.standin
    before = standin.answers_cursor()
    result = updates.under_load(UPDATE, updates.source("good", "2"))
    said.append(result.run)
    assert (result.run.code, result.run.changed) == (0, 0), result.run.error
    assert result.problems() == []
    assert cluster.touched(result.before, result.after) == []
    answers = standin.answers(updates.site.username, before)
    # A run that changes nothing isn't reported either.
    assert reported(answers) == []


def test_check_mode_touches_nothing(updates: Updates, said: list[Run]) -> None:
    before = updates.containers()
    said.append(updates.run(UPDATE, updates.source("good", "checked"), "--check", "--diff"))
    assert said[-1].code == 0, said[-1].error
    planned = re.findall(
        r"(\d)\. (\S+) on \S+ would (hand over and )?be replaced, from \S+ to [^\s;]+(.*)\"", said[-1].said
    )
    names = [one[1] for one in planned]
    assert names[:2] + names[4:] == ["aisha-webhook-api-1", "aisha-webhook-api-2", "aisha-worker-1"]
    # The standby comes first; and nothing differs but the image.
    assert [bool(one[2]) for one in planned] == [False, False, False, True, False]
    assert {one[3] for one in planned} == {""}
    assert cluster.touched(before, updates.containers()) == []


def test_a_rollback_brings_the_release_before(updates: Updates, said: list[Run]) -> None:
    result = updates.under_load(ROLLBACK)
    said.append(result.run)
    assert result.run.code == 0, result.run.error
    assert result.problems() == []
    before, after = cluster.application(result.before), cluster.application(result.after)
    assert [name for name in before if before[name].image == after[name].image] == []
    assert all(one.good for one in after.values())


@long
def test_a_restart_keeps_containers_and_loses_nothing(updates: Updates, said: list[Run]) -> None:
    result = updates.under_load(RESTART)
    said.append(result.run)
    assert result.run.code == 0, result.run.error
    assert result.problems() == []
    before, after = cluster.application(result.before), cluster.application(result.after)
    assert {name: one.id for name, one in before.items()} == {name: one.id for name, one in after.items()}
    assert [name for name in before if before[name].started == after[name].started] == []


# In the short form a job of AWX's does the same.
@long
def test_a_restart_of_a_part_leaves_the_others_alone(updates: Updates, said: list[Run]) -> None:
    before = updates.containers()
    said.append(updates.run(RESTART, {"restart_parts": "workers"}))
    assert said[-1].code == 0, said[-1].error
    assert cluster.touched(before, updates.containers()) == ["aisha-worker-1"]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        pytest.param("import_error", "MainMenuHandler", id="import_error"),
        pytest.param("wrong_arguments", "--worker-class", id="wrong_arguments", marks=long),
        pytest.param("wrong_command", "unknown command", id="wrong_command", marks=long),
        pytest.param("never_healthy", "webhook-api-trial", id="never_healthy", marks=long),
        pytest.param("never_polls", "bot-polling-trial", id="never_polls", marks=long),
        pytest.param("migration_fails", "no_such_column", id="migration_fails", marks=long),
    ],
)
def test_a_bad_release_touches_nothing_that_runs(
    updates: Updates, said: list[Run], variant: str, expected: str
) -> None:
    values = updates.source(variant, "1") | {
        "webhook_api_health_timeout": 45,
        "bot_cluster_health_timeout": 45,
    }
    refused(updates, said, values, expected)


def test_a_missing_image_is_named(updates: Updates, said: list[Run]) -> None:
    reference = trouble.missing_image(updates.engine)
    refused(updates, said, {"images_ready": {"bot": reference}}, reference)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(trouble.registry_down, "localhost:5000", id="registry_down", marks=long),
        pytest.param(trouble.full_disk, "no space left on device", id="full_disk", marks=long),
    ],
)
def test_a_server_in_trouble_is_left_as_it_runs(
    updates: Updates,
    said: list[Run],
    fault: Callable[[Engine], AbstractContextManager[None]],
    expected: str,
) -> None:
    values = updates.source("good", f"in {fault.__name__}")
    refused(updates, said, values, expected, fault(updates.engine))


def refused(
    updates: Updates,
    said: list[Run],
    values: dict[str, object],
    expected: str,
    fault: AbstractContextManager[None] | None = None,
) -> None:
    """Update to what can't be, which must fail with one error that says why, and touch nothing."""
    result = updates.under_load(UPDATE, values, trouble=fault)
    said.append(result.run)
    assert result.run.code != 0
    assert expected.lower() in result.run.error.lower()
    assert result.problems() == []
    touched = cluster.touched(result.before, result.after)
    # What a fault has stopped is started again by who did it.
    assert [name for name in touched if fault is None or name != "aisha-registry"] == []


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        pytest.param("crash_after_20_s", "aisha-bot-polling-", id="crash_after_20_s", marks=long),
        pytest.param("deaf", "aisha-bot-polling-", id="deaf"),
        pytest.param("webhook_crash_after_20_s", "aisha-webhook-api-", id="webhook", marks=long),
    ],
)
def test_a_release_that_fails_late_is_taken_back(
    updates: Updates, said: list[Run], variant: str, expected: str
) -> None:
    result = updates.under_load(UPDATE, updates.source(variant, "1") | WATCHED)
    said.append(result.run)
    assert result.run.code != 0
    assert expected in result.run.error
    assert cluster.elsewhere(result.before, result.after) == []
    # What a bot dies over is delivered again, also if it was answered: no more can be promised of a crash.
    crashes = variant == "crash_after_20_s"
    assert [each for each in result.problems() if not (crashes and each.startswith("messages_twice"))] == []


FAST = ("renamed",)
NAMES_AND_IDS = "{{.Names}} {{.ID}}"
BY_HAND = (
    "aisha-webhook-api-1",
    "aisha-webhook-api-2",
    "aisha-bot-polling-1",
    "aisha-bot-polling-2",
    "aisha-worker-1",
    "aisha-nginx-prod",
)


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=() if stage in FAST else long) for stage in STAGES]
)
def test_an_interrupted_update_run_again_ends_well(updates: Updates, said: list[Run], stage: str) -> None:
    # With a migration, that old code runs with meanwhile.
    first, result = updates.interrupted(stage, UPDATE, updates.source("migration", f"after {stage}"))
    said += [first, result.run]
    assert first.code != 0
    assert result.run.code == 0, result.run.error
    assert result.problems() == []
    before, after = cluster.application(result.before), cluster.application(result.after)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name].image == after[name].image] == []


@long
def test_a_cluster_that_was_started_by_hand_is_taken_over(updates: Updates, said: list[Run]) -> None:
    engine = updates.engine
    by_hand = hand_run.Host(engine, updates.lab.inventory, concurrency=10).compose()
    hand_run.prepare(engine)
    by_hand.deploy(variants.make("good", updates.folder / "by-hand", "by hand"))
    updates.site.wait_until_good()
    former = dict(line.split() for line in engine.docker("ps", "-a", "--format", NAMES_AND_IDS).splitlines())
    result = updates.under_load("site.yml", updates.source("good", "taken over"))
    said.append(result.run)
    assert result.run.code == 0, result.run.error
    assert result.problems() == []
    # Nothing of it was deleted, nothing of it runs, and all of it is named.
    kept = engine.docker("ps", "-a", "--format", NAMES_AND_IDS, "--filter", "name=-by-hand-").splitlines()
    names = [line.split()[0] for line in kept]
    try:
        assert len(kept) == len(BY_HAND)
        assert {line.split()[1] for line in kept} == {former[name] for name in BY_HAND}
        states = engine.docker(
            "inspect", "--format", "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}", *names
        )
        assert set(states.splitlines()) == {"exited no"}
        assert [name for name in names if name not in result.run.said] == []
        rules = engine.run("iptables-save", "-t", "nat")
        assert "takes over nginx" not in rules
    finally:
        engine.docker("rm", *names)


def test_no_run_has_shown_or_left_a_secret(updates: Updates, said: list[Run]) -> None:
    assert cluster.exposed(updates.engine, updates.lab.secrets(), "".join(run.said for run in said)) == []


def test_releases_and_audit_tell_what_was_done(updates: Updates) -> None:
    kept: Any = updates.engine.run("cat", "/opt/aisha/audit.log").splitlines()
    assert any('"succeeded"' in line for line in kept)
    assert not locked(updates)
