"""What is told of a cluster that isn't as it should be, and the verdict on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.html import page_of
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.model import Look

from .conftest import GIB, Cluster

Break = Callable[[Cluster], object]
NO_WEBHOOK = "No webhook gets through."
LOGS = "To read why in its log, run logs.yml -e logs_component="
SITE = "To bring it to what the inventory says, run site.yml."


def test_a_cluster_that_is_well_has_no_problem(cluster: Cluster) -> None:
    report = cluster.report()
    assert (report.verdict, report.problems) == ("healthy", ())
    assert report.summary == "aisha: healthy; no problem; 8 containers on 1 host"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            lambda one: one.stop("aisha-bot-polling-2"),
            [
                "aisha-bot-polling-2 on one: expected it well, found that it is exited, exit code 0. "
                f"{LOGS}bot-polling.",
                "aisha: expected a standby that is ready to take over, found none. Until there is one, the "
                "bot falls "
                "silent when the active poller ends.",
            ],
        ),
        (
            lambda one: one.stop("aisha-webhook-api-1"),
            [
                "aisha-webhook-api-1 on one: expected it well, found that it is exited, exit code 0. "
                f"{LOGS}webhook-api."
            ],
        ),
        (
            # It serves all the same.
            lambda one: [
                one.instance(f"aisha-webhook-api-{number}").update(health="stale", problem="none")
                for number in (1, 2)
            ],
            [
                f"aisha-webhook-api-{number} on one: expected a health check that runs, found none."
                for number in (1, 2)
            ],
        ),
        (
            lambda one: one.remove("aisha-worker-1"),
            [f"aisha-worker-1 on one: expected it to run, found no such container. {SITE}"],
        ),
        (
            lambda one: one.one["wanted"].remove("aisha-worker-1"),
            [
                "aisha-worker-1 on one: expected no such container, found one that the inventory doesn't "
                "put on this "
                f"host. {SITE}"
            ],
        ),
        (
            lambda one: one.instance("aisha-worker-1").update(restarts=3, age_s=600.0),
            [
                "aisha-worker-1 on one: expected no restart by the engine in the last 1 h, found one 10 min "
                "ago, the "
                f"3. since it was deployed. {LOGS}worker."
            ],
        ),
        (
            lambda one: one.instance("aisha-worker-1").update(memory_bytes=500 * 2**20),
            [
                "aisha-worker-1 on one: expected at most 90 % of its 512 MiB of memory to be used, found "
                "500 MiB. At "
                "the limit it is killed. Give it more in the inventory, or look for what it keeps."
            ],
        ),
        (
            lambda one: one.poller("aisha-bot-polling-2")["conflicts"].update(guard=4, age_s=30.0),
            [
                "aisha-bot-polling-2 on one: expected nobody else to poll, found 4 answers 409, the last 30 "
                "s ago: a "
                "stranger polls, or there is a webhook. Find out who else polls with this token, or take a "
                "new one "
                "from @BotFather and run restart.yml."
            ],
        ),
        (
            lambda one: one.endpoint("aisha-registry").update(problem="status 503"),
            [
                "aisha-registry on one: expected an answer from http://127.0.0.1:5000/v2/, found status "
                "503. To collect "
                "what may explain it, run diagnose.yml."
            ],
        ),
        (
            lambda one: one.endpoint("aisha-nginx-prod").update(certificate_days_left=13.5),
            [
                "aisha-nginx-prod on one: expected a certificate for 14 days more, found one that ends in "
                "13.5 days. "
                "Renew the files of nginx_tls_certificate and nginx_tls_key, and run site.yml."
            ],
        ),
        (
            lambda one: one.one["resources"]["disks"][0].update(free_bytes=14 * GIB),
            [
                "one: expected 15 % free on the disk of /, found 14 GiB of 100 GiB. To remove what no "
                "release needs, run diagnose.yml --tags prune."
            ],
        ),
        (
            lambda one: one.one["resources"]["memory"].update(available_bytes=3 * GIB),
            [
                "one: expected 10 % of its memory to be available, found 3.0 GiB of 32 GiB. See what uses "
                "it: top, on "
                "the host."
            ],
        ),
        (
            lambda one: one.one["resources"]["load"].update(five_m=8.5),
            [
                "one: expected a load of at most 2 for each of 4 processors, found 8.5 over five minutes. "
                "See what "
                "runs: top, on the host."
            ],
        ),
        (
            lambda one: one.one["resources"]["engine"].update(problem="Docker engine x: found none."),
            ["one: expected a Docker engine that answers, found Docker engine x: found none."],
        ),
        (
            lambda one: one.one["telegram"]["webhook"].update(url="https://other.example"),
            [
                "Telegram: expected no webhook, since the bot polls, found https://other.example. Every "
                "poll is refused "
                "with 409 meanwhile. Take it off with the Bot API's deleteWebhook."
            ],
        ),
        (
            lambda one: one.one["telegram"]["webhook"].update(pending_update_count=100),
            [
                "Telegram: expected fewer than 100 messages to wait, found 100. The bot answers too slowly, "
                "or not at "
                "all: see its log and its last poll."
            ],
        ),
        (
            lambda one: one.one.update(telegram={"msg": "Token 123:***: revoked.", "failed": False}),
            ["Telegram on one: expected to be told whose token it is, found Token 123:***: revoked."],
        ),
        (
            lambda one: one.one.update(logs={"msg": "no module\n named docker", "failed": True}),
            ["one: expected to look at its logs, found that it failed: no module named docker."],
        ),
        (
            lambda one: one.poller("aisha-bot-polling-2").update(good=False, problem="COMMAND is deaf."),
            [
                "aisha-bot-polling-2 on one: expected its guard to find that it polls, or is ready to, "
                "found COMMAND is "
                f"deaf. {LOGS}bot-polling.",
                "aisha: expected a standby that is ready to take over, found none. Until there is one, the "
                "bot falls "
                "silent when the active poller ends.",
            ],
        ),
        (
            lambda one: one.poller("aisha-bot-polling-2").update(role="active"),
            [
                "aisha: expected one active poller, found aisha-bot-polling-1, aisha-bot-polling-2. A "
                "hand-over takes a "
                "moment: look again. Only the holder of the lease is given updates.",
                "aisha: expected a standby that is ready to take over, found none. Until there is one, the "
                "bot falls "
                "silent when the active poller ends.",
            ],
        ),
        (
            lambda one: one.log("aisha-worker-1").update(errors=100, last_error="ERROR: x"),
            [
                "aisha-worker-1 on one: expected no errors in its log, found that 100 lines tell of one; "
                "the last: "
                "ERROR: x."
            ],
        ),
    ],
)
def test_what_is_degraded(broken: Break, said: list[str], cluster: Cluster) -> None:
    broken(cluster)
    assert cluster.said() == said
    assert cluster.report().verdict == "degraded"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            lambda one: one.stop("aisha-nginx-prod"),
            [f"aisha: expected an nginx that answers, found none. {NO_WEBHOOK}"],
        ),
        # It runs, and nobody gets an answer from it.
        (
            lambda one: one.endpoint("aisha-nginx-prod").update(problem="no answer within 5 s"),
            [f"aisha: expected an nginx that answers, found none. {NO_WEBHOOK}"],
        ),
        (
            lambda one: [one.stop("aisha-webhook-api-1"), one.remove("aisha-webhook-api-2")],
            [f"aisha: expected a webhook API replica that is well, found none of 2. {NO_WEBHOOK}"],
        ),
        (
            lambda one: one.endpoint("webhook API through aisha-nginx-prod").update(problem="status 502"),
            [f"aisha: expected an answer of a replica through nginx, found status 502. {NO_WEBHOOK}"],
        ),
        (
            lambda one: [one.stop("aisha-bot-polling-1"), one.stop("aisha-bot-polling-2")],
            ["aisha: expected an active poller, found none. The bot answers nobody."],
        ),
        (
            lambda one: one.one["pollers"].update(pollers=[]),
            ["aisha: expected an active poller, found none that can be asked. The bot answers nobody."],
        ),
        # It has the lease, and doesn't get through to Telegram.
        (
            lambda one: one.poller("aisha-bot-polling-1").update(poll_age_s=61.0),
            [
                "aisha-bot-polling-1: expected a good poll within the last 1 min, found one 1 min 1 s ago. "
                "The bot "
                "answers nobody."
            ],
        ),
    ],
)
def test_what_is_down(broken: Break, said: list[str], cluster: Cluster) -> None:
    broken(cluster)
    assert cluster.said("down") == said
    report = cluster.report()
    assert report.verdict == "down"
    assert report.problems[0].severity == "down"


@pytest.mark.parametrize(
    "changed",
    [
        lambda one: one.log("aisha-worker-1").update(errors=99, last_error="ERROR: x"),
        lambda one: one.one["resources"]["problems"].append("memory: not here"),
    ],
)
def test_a_note_leaves_the_verdict_as_it_is(changed: Break, cluster: Cluster) -> None:
    changed(cluster)
    report = cluster.report()
    assert [each.severity for each in report.problems] == ["note"]
    assert report.summary == "aisha: healthy; no problem; 1 note; 8 containers on 1 host"


@pytest.mark.parametrize(
    "changed",
    [
        lambda one: one.instance("aisha-worker-1").update(restarts=3, age_s=3601.0),
        lambda one: one.instance("aisha-worker-1").update(memory_limit_bytes=None, memory_bytes=GIB),
        lambda one: one.instance("aisha-worker-1").update(memory_bytes=None),
        lambda one: one.poller("aisha-bot-polling-1")["conflicts"].update(guard=4, age_s=3600.0),
        lambda one: one.poller("aisha-bot-polling-1").update(poll_age_s=None),
        lambda one: one.one["resources"].update(memory=None, load=None),
        lambda one: one.one["instances"]["instances"].append(
            one.instance("aisha-worker-1") | {"name": "aisha-worker-1-trial", "component": "trial"}
        ),
        # One poller alone gives up failover knowingly.
        lambda one: [one.remove("aisha-bot-polling-2"), one.one["wanted"].remove("aisha-bot-polling-2")],
    ],
)
def test_what_is_no_problem(changed: Break, cluster: Cluster) -> None:
    changed(cluster)
    assert cluster.report().problems == ()


def test_what_one_cause_explains_is_told_once(cluster: Cluster) -> None:
    """A container that has ended answers nothing either, and its guard isn't heard."""
    cluster.stop("aisha-nginx-prod")
    subjects = [problem.subject for problem in cluster.report().problems]
    assert subjects == ["aisha", "aisha-nginx-prod"]


WHY = "Task failed: Failed to connect to the host via ssh: ssh: connect to host two: No route to host"
UNREACHABLE = {"unreachable": True, "msg": WHY}
TWO = {"host": "two", "wanted": ["aisha-worker-2"], "instances": UNREACHABLE, "pollers": {"skipped": True}}


def test_a_host_that_is_not_reached_is_told_and_the_rest_is_shown(cluster: Cluster) -> None:
    cluster.looks["two"] = dict(TWO)
    report = cluster.report()
    assert [str(problem) for problem in report.problems] == [
        "two: expected an answer over SSH, found ssh: connect to host two: No route to host. See whether the "
        "host is up and lets this one in. What the others say is shown."
    ]
    assert (report.verdict, [host.reachable for host in report.hosts]) == ("degraded", [True, False])
    assert [row.state for row in report.instances if row.host == "two"] == ["unknown"]


def test_when_no_host_is_reached_it_is_down(cluster: Cluster) -> None:
    cluster.looks = {"one": {"host": "one", "wanted": cluster.one["wanted"], "instances": UNREACHABLE}}
    said = (
        "aisha: expected a host that is reached, found none of 1. See whether this machine reaches anything, "
    )
    assert cluster.said("down") == [f"{said}and what its SSH agent has."]
    assert cluster.report().verdict == "down"


def test_when_no_host_with_pollers_is_reached_it_is_down(cluster: Cluster) -> None:
    names = [name for name in cluster.one["wanted"] if "-bot-polling-" in name]
    for name in names:
        cluster.remove(name)
        cluster.one["wanted"].remove(name)
    del cluster.one["pollers"]
    cluster.looks["two"] = TWO | {"wanted": names}
    assert cluster.said("down") == [
        "aisha: expected an active poller, found none that can be asked. The bot answers nobody."
    ]


@pytest.mark.parametrize(("holder", "verdict"), [("bot-polling-1", "degraded"), (None, "down")])
def test_an_active_poller_on_a_host_that_is_not_reached(
    holder: str | None, verdict: str, cluster: Cluster
) -> None:
    """The others know it as the lease's holder, as long as it renews that."""
    cluster.remove("aisha-bot-polling-1")
    cluster.one["wanted"].remove("aisha-bot-polling-1")
    cluster.poller("aisha-bot-polling-2")["lease"]["holder"] = holder
    cluster.looks["two"] = TWO | {"wanted": ["aisha-bot-polling-1"]}
    assert cluster.report().verdict == verdict


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [(10, 11, True), (9, 99, False), (11, 11, False), (None, 50, False), (50, 20, False), (0, 100, True)],
)
def test_a_backlog_that_grows(before: int | None, now: int, told: bool, cluster: Cluster) -> None:
    cluster.one["telegram"]["webhook"]["pending_update_count"] = now
    problems = cluster.report({"telegram": {"pending": before}}).problems
    assert [problem.subject for problem in problems] == ["Telegram"] * told
    assert all(f"after {before} " in problem.found for problem in problems)


@pytest.mark.parametrize("previous", [None, {}, {"telegram": None}, {"telegram": {"pending": "many"}}])
def test_a_report_before_that_says_nothing(previous: dict[str, Any] | None, cluster: Cluster) -> None:
    cluster.one["telegram"]["webhook"]["pending_update_count"] = 50
    assert cluster.report(previous).problems == ()


def test_limits_are_the_operator_s(cluster: Cluster) -> None:
    cluster.log("aisha-worker-1").update(errors=10, last_error="x")
    assert cluster.said(errors=11) == []
    assert len(cluster.said(errors=10)) == 1
    assert cluster.said(errors=0) == []
    assert len(cluster.said(disk_free_pct=41)) == 1


def test_only_what_was_looked_at_is_judged(cluster: Cluster) -> None:
    cluster.looks["one"] = {key: cluster.one[key] for key in ("host", "wanted", "instances")}
    report = cluster.report()
    assert (report.parts, report.verdict) == (("instances",), "healthy")
    assert report.summary == "aisha: healthy; no problem; 8 containers on 1 host; looked at containers"


def test_a_look_without_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the name of a host in each, found \\['wanted'\\]"):
        Look.read({"wanted": []})


def test_a_module_s_failure_is_told_even_if_ansible_was_to_ignore_it() -> None:
    look = Look.read({"host": "one", "instances": {"failed": False, "msg": "no\nengine"}, "logs": {}})
    assert (look.failures, dict(look.results)) == ({"instances": "no engine"}, {})


def test_counts_of_0_are_no_fault(cluster: Cluster) -> None:
    for name in [*cluster.one["wanted"]]:
        if "nginx" not in name and "registry" not in name:
            cluster.one["wanted"].remove(name)
            cluster.remove(name)
    asked = cluster.one["endpoints"]["endpoints"]
    asked[:] = [each for each in asked if "webhook" not in each["name"]]
    cluster.one["telegram"]["webhook"].update(url="https://hook.example.com", pending_update_count=5000)
    report = cluster.report()
    assert (report.verdict, report.problems) == ("healthy", ())
    assert "nginx-prod" in page_of(report)
