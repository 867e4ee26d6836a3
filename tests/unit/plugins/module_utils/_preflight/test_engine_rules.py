"""Settings of engines with which a deployment would end badly, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.engine_rules import (
    EngineFacts,
    engine_checks,
    entrypoint_check,
    network_checks,
)

GOOD = {
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=default", "name=cgroupns"],
    "CpuCfsQuota": True,
    "MemoryLimit": True,
    "Driver": "overlay2",
    "LiveRestoreEnabled": True,
}


@pytest.mark.parametrize(
    ("info", "config", "forwarding", "expected"),
    [
        ({}, {}, True, []),
        # An engine that doesn't say is not accused.
        ({"SecurityOptions": None, "CpuCfsQuota": None, "Driver": None}, {}, True, []),
        ({}, {"live-restore": True, "no-new-privileges": True, "log-driver": "none"}, True, []),
        ({}, {"iptables": True, "bridge": "br0"}, True, []),
        (
            {"SecurityOptions": ["name=seccomp,profile=default", "name=userns"]},
            {},
            True,
            ["userns-remap failed"],
        ),
        ({}, {"userns-remap": "default"}, True, ["userns-remap failed"]),
        ({"SecurityOptions": ["name=rootless", "name=cgroupns"]}, {}, True, ["rootless failed"]),
        ({}, {}, False, ["ip_forward failed"]),
        ({"CpuCfsQuota": False}, {}, True, ["CPU limits failed"]),
        ({"MemoryLimit": False}, {}, True, ["memory limits warned"]),
        ({"Driver": "vfs"}, {}, True, ["storage driver warned"]),
        ({}, {"bridge": "none"}, True, ["bridge failed"]),
        ({}, {"iptables": False}, True, ["iptables warned"]),
        ({}, {"ip-masq": False}, True, ["iptables warned"]),
    ],
)
def test_settings(
    info: dict[str, Any], config: dict[str, Any], forwarding: bool, expected: list[str]
) -> None:
    checks = engine_checks(EngineFacts({**GOOD, **info}, config, forwarding))
    assert [f"{check.subject} {check.status}" for check in checks] == expected
    assert all(
        check.check == "engine" and check.expected and check.found and check.advice for check in checks
    )


def network(name: str, *subnets: str) -> dict[str, Any]:
    return {"Name": name, "IPAM": {"Config": [{"Subnet": subnet} for subnet in subnets]}}


@pytest.mark.parametrize(
    ("networks", "found"),
    [
        ([network("bridge", "172.17.0.0/16"), network("host")], []),
        ([network("aisha", "172.18.0.0/16")], ["aisha: 172.18.0.7 in 172.18.0.0/16"]),
        ([network("bridge", "172.16.0.0/12")], ["bridge: 172.18.0.7, 172.19.0.8 in 172.16.0.0/12"]),
        ([network("six", "fd00::/64", "10.0.0.0/8")], ["six: fd00::7 in fd00::/64"]),
        ([{"Name": "none", "IPAM": {"Config": None}}, {"Name": "swarm", "IPAM": None}], []),
    ],
)
def test_network_that_hides_a_host(networks: list[dict[str, Any]], found: list[str]) -> None:
    peers = ["172.18.0.7", "172.19.0.8", "fd00::7", "db.internal"]
    checks = network_checks(networks, peers)
    assert [f"{check.subject}: {check.found}" for check in checks] == found
    assert all((check.check, check.status) == ("network", "failed") and check.advice for check in checks)


@pytest.mark.parametrize(
    ("entrypoint", "status"),
    [
        ([], "passed"),
        (["/docker-entrypoint.sh"], "passed"),
        (["/usr/bin/tini", "--"], "passed"),
        (["/init"], "failed"),
        (["/init", "with-contenv"], "failed"),
        (["/lib/systemd/systemd"], "failed"),
    ],
)
def test_entry_point_that_wants_to_be_process_1(entrypoint: list[str], status: str) -> None:
    check = entrypoint_check("bot:1", entrypoint)
    assert (check.check, check.subject, check.status) == ("entrypoint", "bot:1", status)
    assert ("bot_cluster_poller_entrypoint" in check.advice) is (status == "failed")
