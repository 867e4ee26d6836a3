"""The report on a terminal, and as a JSON document."""

from __future__ import annotations

import json

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.format import duration, percent, size
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.text import lines_of

from .conftest import Cluster


def shown(cluster: Cluster) -> list[str]:
    return [line for line, _kind in lines_of(cluster.report())]


def table(lines: list[str], title: str) -> list[list[str]]:
    """Return the cells of one table, its head too."""
    begin = lines.index(title) + 1
    rows = lines[begin : lines.index("", begin)]
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]


def test_containers_are_shown_as_a_request_goes_through_them(cluster: Cluster) -> None:
    cluster.stop("aisha-bot-polling-2")
    cluster.remove("aisha-worker-1")
    head, *rows = table(shown(cluster), "Containers")
    assert head == [
        "container",
        "host",
        "state",
        "health",
        "role",
        "up",
        "restarts",
        "memory",
        "cpu",
        "last poll",
    ]
    well = ["running", "healthy", "-", "2 h 1 min", "0", "64 MiB / 512 MiB", "1.5 %", "-"]
    assert rows == [
        ["aisha-nginx-prod", "one", *well],
        ["aisha-webhook-api-1", "one", *well],
        ["aisha-webhook-api-2", "one", *well],
        ["aisha-bot-polling-1", "one", *well[:2], "active", *well[3:-1], "0 s ago"],
        ["aisha-bot-polling-2", "one", "exited", "-", "unknown", "-", "0", "64 MiB / 512 MiB", "1.5 %", "-"],
        ["aisha-worker-1", "one", "missing", *("-" * 7)],
        ["aisha-redis", "one", *well],
        ["aisha-registry", "one", *well],
    ]


def test_problems_come_first_and_the_verdict_last(cluster: Cluster) -> None:
    cluster.stop("aisha-nginx-prod")
    cluster.log("aisha-worker-1").update(errors=1, last_error="ERROR: x")
    lines = list(lines_of(cluster.report()))
    assert [kind for _line, kind in lines[:3]] == ["down", "degraded", "note"]
    assert lines[0][0].startswith("1. down: aisha: expected an nginx that answers, found none.")
    assert lines[-1] == ("aisha: down; 2 problems; 1 note; 8 containers on 1 host", "down")


@pytest.mark.parametrize(
    ("parts", "titles"),
    [
        (["instances", "pollers"], ["Containers"]),
        (["instances", "logs"], ["Logs"]),
        (["instances", "pollers", "endpoints"], ["Containers", "Services"]),
        (["instances", "resources"], ["Hosts"]),
        (["instances", "releases"], ["Releases"]),
    ],
)
def test_only_what_was_asked_for_is_shown(parts: list[str], titles: list[str], cluster: Cluster) -> None:
    cluster.looks["one"] = {key: cluster.one[key] for key in ("host", "wanted", *parts)}
    lines = shown(cluster)
    assert [line for line in lines if line and line[0] != " "][:-1] == titles


def test_what_services_hosts_telegram_and_releases_say(cluster: Cluster) -> None:
    cluster.endpoint("aisha-registry").update(problem="no answer within 5 s", elapsed_s=None)
    cluster.looks["two"] = {"host": "two", "instances": {"unreachable": True, "msg": "no route"}}
    lines = shown(cluster)
    assert table(lines, "Services")[-1] == [
        "aisha-registry",
        "one",
        "http://127.0.0.1:5000/v2/",
        "no answer within 5 s",
        "-",
    ]
    assert table(lines, "Hosts")[1:] == [
        ["one", "0.3 0.4 0.5 on 4", "8.0 GiB / 32 GiB", "/: 60 GiB / 100 GiB", "20.10.24, 10 run"],
        ["two", "-", "-", "-", "unreachable"],
    ]
    assert table(lines, "Telegram")[0] == ["bot", "@aisha_bot (Aisha, 123456789)"]
    # The newest first, and no more than five.
    assert [row[0] for row in table(lines, "Releases")] == ["release", "7", "6", "5", "4", "3"]
    assert table(lines, "Logs")[1] == ["aisha-nginx-prod", "one", "0", "-"]


def test_the_document_has_all_of_it(cluster: Cluster) -> None:
    cluster.stop("aisha-bot-polling-2")
    document = json.loads(json.dumps(cluster.report().as_dict()))
    assert (document["schema"], document["cluster"], document["verdict"]) == (1, "aisha", "degraded")
    assert [problem["subject"] for problem in document["problems"]] == ["aisha-bot-polling-2", "aisha"]
    assert document["problems"][0]["message"].startswith("aisha-bot-polling-2 on one: expected it well, ")
    rows = {row["name"]: row for row in document["instances"]}
    assert len(rows) == 8
    assert (rows["aisha-bot-polling-1"]["role"], rows["aisha-bot-polling-1"]["severity"]) == ("active", None)
    assert rows["aisha-bot-polling-2"]["severity"] == "degraded"
    assert document["telegram"]["pending"] == 0
    assert document["hosts"][0]["resources"]["disks"][0]["path"] == "/"
    assert [release["number"] for release in document["releases"]] == [7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.04, "0 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
        (86399, "23 h 59 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (64 * 2**20, "64 MiB"), (1.6 * 2**30, "1.6 GiB")],
)
def test_sizes_in_words(count: float, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(("part", "whole", "found"), [(1, 4, 25), (5, 4, 100), (-1, 4, 0), (1, 0, 0)])
def test_percents_stay_between_their_ends(part: float, whole: float, found: float) -> None:
    assert percent(part, whole) == found
