"""Which parts the options of ansible-playbook select, and which of the options are refused."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._run_options import (
    RunOptions,
    refuse_limit,
    refuse_start_at_task,
    selected_parts,
)

PARTS = ["images", "services", "api", "nginx", "bots"]
NEEDS = {"api": ["nginx", "services"], "bots": ["services"]}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(RunOptions(), [], id="no options"),
        pytest.param(RunOptions(tags=("all", "nginx")), [], id="all"),
        pytest.param(RunOptions(skip_tags=("notest",)), [], id="unknown skip tag"),
        pytest.param(RunOptions(tags=("nginx",)), ["nginx"], id="one tag"),
        pytest.param(RunOptions(tags=("nginx", "images")), ["images", "nginx"], id="in the order of a run"),
        pytest.param(RunOptions(tags=("api",)), ["api", "nginx", "services"], id="needed parts"),
        pytest.param(RunOptions(skip_tags=("images",)), PARTS[1:], id="skip tag"),
        pytest.param(RunOptions(("api", "bots"), ("api",)), ["bots", "services"], id="tag and skip tag"),
    ],
)
def test_tags_select_parts(options: RunOptions, expected: list[str]) -> None:
    assert sorted(selected_parts(options, PARTS, NEEDS)) == sorted(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            RunOptions(tags=("niginx", "api")),
            "--tags: expected some of images, services, api, nginx, bots; found niginx.",
        ),
        (RunOptions(tags=("untagged",)), "found untagged."),
        (RunOptions(skip_tags=("always", "nginx")), "--skip-tags: expected some of .*; found always."),
        (
            RunOptions(skip_tags=("nginx",)),
            "--skip-tags nginx: expected api to be skipped too, since it needs nginx; found that it is not.",
        ),
        (RunOptions(("api",), ("services",)), "expected api to be skipped too, since it needs services"),
        (RunOptions(("bots",), ("bots",)), "--skip-tags bots: expected a part to be left, found none."),
    ],
)
def test_tags_that_can_not_be_honored_are_refused(options: RunOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        selected_parts(options, PARTS, NEEDS)


def test_a_playbook_without_parts_has_no_tags() -> None:
    assert selected_parts(RunOptions(), [], {}) == []
    with pytest.raises(ValueError, match=r"--tags: expected none; found nginx\."):
        selected_parts(RunOptions(tags=("nginx",)), [], {})


def test_a_start_in_the_middle_is_refused() -> None:
    refuse_start_at_task(RunOptions())
    with pytest.raises(ValueError, match=r'--start-at-task: expected none, .*; found "Query the bot"\.'):
        refuse_start_at_task(RunOptions(start_at_task="Query the bot"))


def test_a_limit_may_only_exclude_hosts_of_others() -> None:
    refuse_limit(RunOptions(limit="one,two"), ["one", "two"], ["one", "two", "three"])
    refuse_limit(RunOptions(), ["one", "two"], [])
    with pytest.raises(ValueError, match=r"--limit one: expected all hosts .* excludes three, two\."):
        refuse_limit(RunOptions(limit="one"), ["one", "two", "three"], ["one"])
