"""The checklist: each line is ticked by its fact, and fails when that fact is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._verify.checklist import checklist
from ansible_collections.aisha.cluster.plugins.plugin_utils._verify.inputs import Cluster, Host

BOT = "localhost:5000/aisha-bot@sha256:" + "1" * 64
WEBHOOK = "localhost:5000/aisha-webhook@sha256:" + "2" * 64


def instance(name: str, component: str, image: str, **more: Any) -> dict[str, Any]:
    well = {"state": "running", "health": "healthy", "restarts": 0}
    return {"name": name, "component": component, "image": image, **well, **more}


def poller(name: str, role: str, **more: Any) -> dict[str, Any]:
    well = {"good": True, "problem": None, "poll_age_s": 0.2, "conflicts": {"log": 0}}
    return {"name": name, "role": role, **well, **more}


ACTIVE, STANDBY = poller("aisha-bot-polling-1", "active"), poller("aisha-bot-polling-2", "standby")
GOOD = Host(
    wanted=["aisha-webhook-api-1", "aisha-bot-polling-1", "aisha-nginx-prod"],
    instances={
        "instances": [
            instance("aisha-webhook-api-1", "webhook-api", WEBHOOK),
            instance("aisha-bot-polling-1", "bot-polling", BOT),
            instance("aisha-nginx-prod", "nginx", "nginx:1.22"),
        ],
        "problems": [],
    },
    pollers={"pollers": [ACTIVE, STANDBY]},
    logs={"instances": [{"name": "aisha-bot-polling-1", "errors": 0, "last_error": None}]},
    page={"status": 200},
    unsigned={"status": 401},
    services="",
)
KNOWN = {"bot": {"username": "aisha_bot"}, "webhook": {"url": "", "pending_update_count": 0}}
WELL = Cluster(
    hosts={"one": GOOD},
    keeper="one",
    pollers=2,
    replicas=2,
    release={
        "current": {
            "number": 3,
            "name": "1.4.0",
            "by": "op@desk",
            "at": "2026-03-01T10:00:00Z",
            "images": {"bot": BOT, "webhook": WEBHOOK},
        }
    },
    asked=["aisha-bot@sha256:" + "1" * 64],
    registry={"digests": {"aisha-bot@sha256:" + "1" * 64: "sha256:" + "1" * 64}},
    bot=[KNOWN, KNOWN],
    answer={"status": 200, "json": {"answers": [{"text": "hello"}]}},
    webhook={"status": 200, "json": {"status_code": 200}},
    alerts={"json": {"data": {"alerts": [{"state": "pending", "labels": {"alertname": "Slow"}}]}}},
)


def not_passed(seen: Cluster) -> list[tuple[str, str, str, str]]:
    """Each line that isn't ticked: check, subject, status and what was found."""
    return [
        (check.check, check.subject, check.status, check.found)
        for host, check in checklist(seen)
        if check.status != "passed"
    ]


def with_host(**changes: Any) -> Cluster:
    return replace(WELL, hosts={"one": replace(GOOD, **changes)})


def waiting(count: int, url: str = "") -> dict[str, Any]:
    return {**KNOWN, "webhook": {"url": url, "pending_update_count": count}}


def test_a_cluster_that_is_well_passes_every_line() -> None:
    assert not_passed(WELL) == []
    assert {check.check for host, check in checklist(WELL)} == {
        *(
            "release",
            "registry",
            "instance",
            "nginx",
            "webhook",
            "services",
            "pollers",
            "bot",
            "metrics",
            "logs",
        )
    }


@pytest.mark.parametrize(
    ("seen", "check", "subject", "found"),
    [
        (replace(WELL, hosts={"one": GOOD, "two": None}), "host", "two", "can't be reached"),
        (replace(WELL, release={"msg": "no such folder"}), "release", "", "no such folder"),
        (replace(WELL, release={"current": {}}), "release", "", "none"),
        (replace(WELL, registry={"msg": "refused"}), "registry", "", "refused"),
        (replace(WELL, registry={"digests": {}}), "registry", "", "no aisha-bot@sha256:1"),
        (with_host(instances={"msg": "no engine"}), "instances", "", "no engine"),
        (
            with_host(
                instances={
                    "instances": GOOD.instances["instances"][1:],  # type: ignore[index]
                    "problems": [
                        {
                            "name": "aisha-webhook-api-1",
                            "expected": "it well",
                            "found": "that it is exited",
                            "last_lines": "ImportError",
                        }
                    ],
                }
            ),
            "instance",
            "aisha-webhook-api-1",
            "that it is exited. Its last lines: ImportError",
        ),
        (
            with_host(wanted=["aisha-worker-1"], instances={"instances": [], "problems": []}),
            "instance",
            "aisha-worker-1",
            "none",
        ),
        (
            with_host(
                wanted=["aisha-worker-1"],
                instances={"instances": [instance("aisha-worker-1", "worker", "old:1")], "problems": []},
            ),
            "instance",
            "aisha-worker-1",
            "old:1",
        ),
        (with_host(page={"status": 502}), "nginx", "", "502"),
        (with_host(page={"status": -1, "msg": "refused"}), "nginx", "", "refused"),
        (with_host(unsigned={"status": 200}), "webhook", "unsigned", "200"),
        (with_host(unsigned={"status": 404}), "webhook", "unsigned", "404"),
        (with_host(services="Redis doesn't answer"), "services", "", "Redis doesn't answer"),
        (with_host(pollers={"msg": "no engine"}), "pollers", "", "no engine"),
        (with_host(pollers={"pollers": [STANDBY]}), "pollers", "active", "none"),
        (
            with_host(pollers={"pollers": [ACTIVE, STANDBY, poller("polling-3", "active")]}),
            "pollers",
            "active",
            "polling-3",
        ),
        (
            with_host(pollers={"pollers": [{**ACTIVE, "good": False, "problem": "it is deaf"}, STANDBY]}),
            "pollers",
            "active",
            "it is deaf",
        ),
        (with_host(pollers={"pollers": [ACTIVE]}), "pollers", "standby", "none"),
        (
            with_host(pollers={"pollers": [{**ACTIVE, "conflicts": {"log": 4}}, STANDBY]}),
            "pollers",
            "conflicts",
            "aisha-bot-polling-1: 4",
        ),
        (replace(WELL, bot=[KNOWN, {"msg": "revoked"}]), "bot", "token", "revoked"),
        (replace(WELL, bot=[KNOWN, waiting(0, "https://x")]), "bot", "webhook", "https://x"),
        (replace(WELL, bot=[waiting(3), waiting(40)]), "bot", "backlog", "3, and then 40"),
        (replace(WELL, answer={"status": 200, "json": {"answers": []}}), "bot", "answer", "none"),
        (replace(WELL, answer={"status": -1, "msg": "refused"}), "bot", "answer", "refused"),
        (
            replace(WELL, webhook={"json": {"status_code": 401, "body": "bad signature"}}),
            "webhook",
            "signed",
            "401 bad signature",
        ),
        (
            replace(WELL, webhook={"json": {"status_code": None, "error": "refused"}}),
            "webhook",
            "signed",
            "refused",
        ),
        (replace(WELL, alerts={"msg": "refused"}), "metrics", "", "refused"),
        (
            replace(
                WELL,
                alerts={
                    "json": {
                        "data": {
                            "alerts": [
                                {
                                    "state": "firing",
                                    "labels": {"alertname": "NoPoll"},
                                    "annotations": {"summary": "Nobody polls."},
                                }
                            ]
                        }
                    }
                },
            ),
            "metrics",
            "NoPoll",
            "Nobody polls.",
        ),
        (
            with_host(
                logs={"instances": [{"name": "aisha-worker-1", "errors": 2, "last_error": "ImportError: x"}]}
            ),
            "logs",
            "aisha-worker-1",
            "2, last: ImportError: x",
        ),
        (with_host(logs={"msg": "no engine"}), "logs", "", "no engine"),
    ],
)
def test_each_line_fails_by_what_it_is_about(seen: Cluster, check: str, subject: str, found: str) -> None:
    lines = not_passed(seen)
    assert [line[:2] for line in lines] == [(check, subject)], lines
    assert lines[0][2] == ("warned" if found == "200" else "failed")
    assert found in lines[0][3]


def test_what_only_users_can_tell_is_skipped_with_its_reason() -> None:
    lines = not_passed(replace(WELL, answer=None, webhook=None, alerts=None))
    assert [line[:3] for line in lines] == [
        ("bot", "answer", "skipped"),
        ("webhook", "signed", "skipped"),
        ("metrics", "", "skipped"),
    ]
    assert all(line[3] for line in lines)


def test_a_single_poller_needs_no_standby_and_none_needs_nothing() -> None:
    alone = with_host(pollers={"pollers": [ACTIVE]})
    assert not_passed(replace(alone, pollers=1)) == []
    assert [line[:3] for line in not_passed(replace(WELL, pollers=0))] == [
        ("pollers", "", "skipped"),
        ("bot", "answer", "skipped"),
    ]


def test_a_few_that_wait_are_no_backlog() -> None:
    assert not_passed(replace(WELL, bot=[waiting(0), waiting(9)])) == []
    assert not_passed(replace(WELL, bot=[waiting(500), waiting(400)])) == []


def test_counts_of_0_are_no_fault() -> None:
    host = replace(
        GOOD, wanted=["aisha-nginx-prod"], pollers={"pollers": []}, page=None, unsigned=None, services=None
    )
    bot = [waiting(5, "https://hook.example.com"), waiting(500, "https://hook.example.com")]
    seen = replace(
        WELL, hosts={"one": host}, pollers=0, replicas=0, bot=bot, answer=None, webhook=None, alerts=None
    )
    assert not_passed(seen) == [
        ("pollers", "", "skipped", "the inventory wants none"),
        ("bot", "answer", "skipped", "the inventory wants no poller"),
        ("webhook", "signed", "skipped", "the inventory wants no replica of the webhook API"),
        ("metrics", "", "skipped", "the cluster has no monitoring of its own"),
    ]
