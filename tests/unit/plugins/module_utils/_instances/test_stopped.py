"""Which stopped containers go, and which stay."""

from __future__ import annotations

from typing import Any

from ansible_collections.aisha.cluster.plugins.module_utils._instances.stopped import leftovers


def entry(
    name: str, state: str = "exited", cluster: str | None = "aisha", component: str = "worker"
) -> dict[str, Any]:
    labels = {"aisha.cluster": cluster} if cluster else {}
    if cluster and component:
        labels["aisha.component"] = component
    return {"Id": f"id-{name}", "Names": [f"/{name}"], "State": state, "Labels": labels}


LISTED = [
    entry("aisha-worker-1", "running"),
    entry("aisha-worker-2"),
    entry("aisha-webhook-api-trial", "dead", component="trial"),
    entry("aisha-old", component=""),
    entry("aisha-redis", component="external-services"),
    entry("aisha-bot-polling-1"),
    entry("aisha-bot-polling-1-next", "created"),
    entry("aisha-nginx-prod", "running"),
    entry("aisha-nginx-prod-previous"),
    entry("aisha-paused", "paused"),
    entry("aisha-again", "restarting"),
    # What isn't to run.
    entry("aisha-migration", component="migration"),
    entry("aisha-poll-guard", "created", component="poll-guard"),
    entry("shop-worker-1", cluster="shop"),
    entry("aisha-unrelated", cluster=None),
    entry("aisha-worker-1-by-hand-1f0a4c", cluster=None),
    entry("shop-worker-1-by-hand-1f0a4c", cluster=None),
    entry("aisha-staging-worker-1-by-hand-1f0a4c", cluster=None),
    entry("aisha-staging-worker-1-next", cluster="aisha-staging"),
]
BY_HAND = "aisha-worker-1-by-hand-1f0a4c"


PART = "it is a part of the cluster; site.yml, or docker start {0}, starts it again"


def test_what_is_needed_no_more_goes() -> None:
    found = leftovers(LISTED, "aisha", unfinished_update=False)
    assert [one.name for one in found if not one.reason] == [
        "aisha-bot-polling-1-next",
        "aisha-nginx-prod-previous",
        "aisha-old",
        "aisha-webhook-api-trial",
    ]
    by_hand = f"it was started by hand; when you need it no longer: docker rm {BY_HAND}"
    parts = ("aisha-bot-polling-1", "aisha-redis", "aisha-worker-2")
    kept = {one.name: one.reason for one in found if one.reason}
    assert kept == {BY_HAND: by_hand, **{name: PART.format(name) for name in parts}}
    (one,) = [one for one in found if one.name == BY_HAND]
    assert (one.id, one.state) == (f"id-{BY_HAND}", "exited")


def test_what_an_update_may_need_stays() -> None:
    found = leftovers(LISTED, "aisha", unfinished_update=True)
    assert [one.name for one in found if not one.reason] == ["aisha-old", "aisha-webhook-api-trial"]
    kept = [one.name for one in found if "update" in one.reason]
    assert kept == ["aisha-bot-polling-1", "aisha-bot-polling-1-next", "aisha-nginx-prod-previous"]


def test_a_name_is_no_pattern() -> None:
    assert leftovers([entry("axb-by-hand-1", cluster=None)], "a.b", unfinished_update=False) == []
