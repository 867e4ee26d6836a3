"""What a diagnosis finds at first sight, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._diagnosis import summary as find
from ansible_collections.aisha.cluster.plugins.module_utils._host.resources import Disk, Memory
from ansible_collections.aisha.cluster.plugins.module_utils._host.tcp_probe import Reached
from ansible_collections.aisha.cluster.plugins.module_utils._instances.log_lines import InstanceLog
from ansible_collections.aisha.cluster.plugins.module_utils._pollers.model import Conflicts, Poller

GIB = 2**30


def container(name: str = "aisha-worker-1", component: str = "worker", **changes: Any) -> dict[str, Any]:
    state = {"Status": "running", "StartedAt": "2026-03-01T12:00:00Z", **changes}
    return {
        "Name": f"/{name}",
        "Config": {"Image": "bot", "Labels": {"aisha.component": component}},
        "RestartCount": changes.pop("restarts", 0),
        "State": state,
    }


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (container(), []),
        # What isn't to run.
        (container("aisha-migration", "migration", Status="exited", ExitCode=0), []),
        (container("aisha-poll-guard", "poll-guard", Status="created"), []),
        (
            container("aisha-migration", "migration", Status="exited", ExitCode=1),
            ["aisha-migration: expected it well, found that it is exited, exit code 1."],
        ),
        (
            container(Status="exited", ExitCode=3),
            ["aisha-worker-1: expected it well, found that it is exited, exit code 3."],
        ),
        (container(restarts=2), ["aisha-worker-1: the engine has started it again 2 times."]),
        (
            {**container(OOMKilled=True), "HostConfig": {"Memory": 256 * 2**20}},
            [
                "aisha-worker-1: killed for want of memory of 256 MiB. Give it more, or look for what takes "
                "it."
            ],
        ),
        (
            container("aisha-worker-1-previous", Status="exited"),
            [
                "aisha-worker-1-previous: of an update that isn't finished; the next one that ends well "
                "removes it."
            ],
        ),
        (
            container("aisha-worker-1-by-hand-1f0a4c", Status="exited"),
            ["aisha-worker-1-by-hand-1f0a4c: started by hand, and replaced; it is kept until you remove it."],
        ),
    ],
)
def test_containers(found: dict[str, Any], told: list[str]) -> None:
    assert find.of_container(found) == told


def test_logs() -> None:
    quiet, once = InstanceLog("w-1", "worker"), InstanceLog("w-1", "worker", errors=1, last_error="no")
    many = InstanceLog("w-1", "worker", errors=7, last_error="no")
    assert find.of_log(quiet) == []
    assert find.of_log(once) == ["w-1: one line tells of errors in the last hour. The last: no"]
    assert find.of_log(many) == ["w-1: 7 lines tell of errors in the last hour. The last: no"]


def test_pollers() -> None:
    pollers = [
        Poller("p-1", good=True),
        Poller("p-2", problem="Redis is gone"),
        Poller("p-3", good=True, conflicts=Conflicts(guard=2)),
    ]
    assert find.of_pollers(pollers) == [
        "p-2: Redis is gone.",
        "p-3: somebody else polled with this bot's token (2 conflicts since it started). "
        "Find and stop that one, or have @BotFather issue another token.",
    ]


def test_what_can_not_be_reached() -> None:
    reached = [Reached("S3", "s3", 443, problem="Connection refused"), Reached("Redis", "r", 6379)]
    assert find.of_reach(reached) == ["S3 at s3:443: Connection refused."]


def test_room() -> None:
    disks = [Disk("/", 100 * GIB, 9 * GIB, 1), Disk("/opt", 100 * GIB, 9 * GIB, 1), Disk("/srv", GIB, GIB, 2)]
    assert find.of_room(Memory(100 * GIB, 4 * GIB), disks) == [
        "Memory: 4.0 GiB of 100.0 GiB (4 %) is available.",
        "Disk of /: 9.0 GiB of 100.0 GiB (9 %) is free. "
        "To remove what the cluster needs no more, run diagnose.yml --tags prune.",
    ]
    assert find.of_room(Memory(100 * GIB, 6 * GIB), disks[2:]) == []


def host(name: str = "one", **changes: Any) -> dict[str, Any]:
    images = {"aisha-worker-1": "bot@1", "aisha-nginx-prod": "nginx"}
    result = {"files": 3, "problems": [], "findings": [], "active": ["aisha-bot-polling-1"], "pollers": 2}
    return {**result, "images": images, "clock_offset_s": 0.0, **changes}


def told(**hosts: dict[str, Any]) -> list[str]:
    return find.of_all([find.HostReport.read(name, result) for name, result in hosts.items()])


def test_all_is_well() -> None:
    two = host(active=[], images={"aisha-worker-2": "bot@1", "aisha-webhook-api-2": "web@1"})
    assert told(one=host(), two=two) == []
    assert told(one=host(active=[], pollers=0)) == []


def test_over_all_hosts() -> None:
    two = host(active=["aisha-bot-polling-2"], images={"aisha-worker-2": "bot@2"}, clock_offset_s=-31.4)
    assert told(one=host(clock_offset_s=2.0), two=two) == [
        "2 pollers say that they are active: aisha-bot-polling-1, aisha-bot-polling-2.",
        "aisha-worker: expected one image, found 2. aisha-worker-1: bot@1; aisha-worker-2: bot@2",
        "two: its clock is 31 s behind the controller's.",
    ]
    down = {"unreachable": True, "msg": "Failed to connect"}
    assert told(one=host(active=[]), two=down) == [
        "No poller is active of those that were seen (not two): the bot doesn't answer."
    ]


def test_the_summary() -> None:
    problems = ["host/sockets.txt: no program ss on this host"]
    hosts = [
        find.HostReport.read("one", host(findings=["Redis at r:6379: refused."], problems=problems)),
        find.HostReport.read("two", {"unreachable": True, "msg": "Failed to connect\n to it"}),
        find.HostReport.read("three", {}),
    ]
    assert find.summary("aisha", "2026-03-01 12:00:00 UTC", hosts).splitlines() == [
        "Cluster aisha, 2026-03-01 12:00:00 UTC",
        "",
        "What is wrong at first sight:",
        "- two: nothing was collected. Failed to connect to it",
        "- three: nothing was collected. it was not asked",
        "- one: Redis at r:6379: refused.",
        "",
        "What was collected:",
        "- one: 3 files",
        "  without host/sockets.txt: no program ss on this host",
        "- two: nothing",
        "- three: nothing",
        "",
        "Bot tokens, and what is known or looks like a secret, are replaced by ***.",
    ]


def test_the_summary_of_a_good_cluster() -> None:
    text = find.summary("aisha", "now", [find.HostReport.read("one", host())])
    assert "What is wrong at first sight:\n- nothing\n" in text
