"""What is done to an instance's place, whatever is found in it."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.errors import Refusal
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.instance_plan import (
    Act,
    Box,
    Place,
    Wishes,
    plan,
    settled,
)

ALL = Wishes(drain=True, warm=True)
BESIDE = Wishes(overlap=True, warm=True)
FULL = "drain a, stop a, keep a, enter a-next, start a, warm a"


def box(word: str, digest: str) -> Box | None:
    """From a state, Docker's word on its health behind a colon, and an @ where it was started by hand."""
    state, _colon, health = word.removesuffix("@").partition(":")
    return None if word == "-" else Box(state, digest, health or None, word.endswith("@"))


def place(words: str) -> Place:
    """From the states of what is in it, what was before, and what is prepared; - is none."""
    current, previous, following = words.split()
    return Place("a", box(current, "old"), box(previous, "older"), box(following, "new"))


@pytest.mark.parametrize(
    ("state", "found", "wishes", "expected", "digests"),
    [
        # What is prepared takes the place, and what was there stays; an older one stays rather than it.
        ("replaced", "running - created", ALL, FULL, ("old", "new")),
        ("replaced", "running - created", Wishes(), "stop a, keep a, enter a-next, start a", ("old", "new")),
        (
            "replaced",
            "running exited created",
            ALL,
            "drain a, stop a, remove a, enter a-next, start a, warm a",
            ("old", "new"),
        ),
        (
            "replaced",
            "restarting - created",
            Wishes(),
            "stop a, keep a, enter a-next, start a",
            ("old", "new"),
        ),
        ("replaced", "exited - created", ALL, "keep a, enter a-next, start a, warm a", ("old", "new")),
        # Those that share their port.
        (
            "replaced",
            "running - created",
            BESIDE,
            "start a-next, stop a, keep a, enter a-next, start a, warm a",
            ("old", "new"),
        ),
        ("replaced", "exited - created", BESIDE, "keep a, enter a-next, start a, warm a", ("old", "new")),
        # Interrupted: between the renames, before the start, and while the previous one was put back.
        ("replaced", "- exited created", ALL, "enter a-next, start a, warm a", ("older", "new")),
        ("replaced", "- exited running", BESIDE, "enter a-next, start a, warm a", ("older", "new")),
        ("replaced", "created exited -", ALL, "start a, warm a", ("old", "old")),
        ("replaced", "running:starting exited -", ALL, "wait a, warm a", ("old", "old")),
        ("replaced", "- exited -", ALL, "enter a-previous, start a, warm a", ("older", "older")),
        ("replaced", "- - created", ALL, "enter a-next, start a, warm a", ("", "new")),
        # An engine that was started anew has started what was to stay stopped.
        (
            "replaced",
            "exited running created",
            Wishes(),
            "remove a, stop a-previous, enter a-next, start a",
            ("old", "new"),
        ),
        ("replaced", "exited running -", Wishes(), "stop a-previous, start a", ("old", "old")),
        # Nothing is prepared.
        ("replaced", "running:healthy - -", ALL, "", ("old", "old")),
        ("replaced", "running:unhealthy - -", ALL, "wait a", ("old", "old")),
        ("replaced", "running - -", ALL, "wait a", ("old", "old")),
        ("replaced", "running:healthy exited -", ALL, "warm a", ("old", "old")),
        ("replaced", "exited - -", ALL, "start a, warm a", ("old", "old")),
        # The same container again; what is prepared is left alone.
        ("restarted", "running exited created", ALL, "drain a, stop a, start a, warm a", ("old", "old")),
        ("restarted", "exited - -", Wishes(), "start a", ("old", "old")),
        ("restarted", "- exited created", ALL, "enter a-previous, start a, warm a", ("older", "older")),
        # Back to what was before.
        (
            "returned",
            "running exited created",
            ALL,
            "drain a, stop a, remove a, enter a-previous, start a, warm a",
            ("old", "older"),
        ),
        (
            "returned",
            "running exited -",
            BESIDE,
            "start a-previous, stop a, remove a, enter a-previous, start a, warm a",
            ("old", "older"),
        ),
        ("returned", "exited exited -", ALL, "remove a, enter a-previous, start a, warm a", ("old", "older")),
        ("returned", "- exited created", ALL, "enter a-previous, start a, warm a", ("older", "older")),
        ("returned", "running:healthy - created", ALL, "", ("old", "old")),
        ("returned", "running:unhealthy - -", ALL, "", ("old", "old")),
        ("returned", "running:starting - -", ALL, "wait a", ("old", "old")),
        ("returned", "exited - -", ALL, "start a, warm a", ("old", "old")),
        ("returned", "- - created", ALL, "", ("", "")),
        # What was started by hand makes room like any other, also for what isn't prepared; only that does.
        ("replaced", "running@ - created", ALL, FULL, ("old", "new")),
        ("set_aside", "running@ - -", ALL, "drain a, stop a, keep a", ("old", "old")),
        ("set_aside", "exited@ - -", ALL, "keep a", ("old", "old")),
        ("set_aside", "running - -", ALL, "", ("old", "old")),
        ("set_aside", "- exited@ -", ALL, "", ("older", "")),
        # It may publish a port at which nobody else can listen meanwhile.
        (
            "returned",
            "running exited@ -",
            BESIDE,
            "stop a, remove a, enter a-previous, start a, warm a",
            ("old", "older"),
        ),
    ],
)
def test_what_is_done(
    state: str, found: str, wishes: Wishes, expected: str, digests: tuple[str, str]
) -> None:
    planned = plan(state, place(found), wishes)
    assert ", ".join(f"{act.action} {act.container}" for act in planned.acts) == expected
    assert (planned.from_digest, planned.to_digest) == digests
    only_looks = {"drain", "wait", "warm"}
    assert planned.changes is any(act.action not in only_looks for act in planned.acts)


@pytest.mark.parametrize(
    ("state", "found", "message"),
    [
        ("replaced", "- - -", "a: expected a container, found none"),
        ("restarted", "- - created", "a: expected a container, found none"),
        ("replaced", "paused - created", "a: expected a container that can be stopped, found it paused"),
        ("returned", "running paused -", "a-previous: expected a container that can be stopped"),
        ("replaced", "running@ exited created", "a-previous: expected no container of that name, found one"),
    ],
)
def test_it_is_refused_to_begin(state: str, found: str, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        plan(state, place(found), ALL)


def test_what_is_settled_and_what_stays_since_it_is_all_that_there_is() -> None:
    words = ("running exited created", "exited - created", "- exited created", "running exited@ -")
    places = [place(each) for each in words]
    assert settled(places) == (
        (
            Act("remove", "a-previous"),
            Act("remove", "a-next"),
            Act("remove", "a-next"),
            Act("retire", "a-previous"),
        ),
        ["a-previous", "a-next"],
    )
