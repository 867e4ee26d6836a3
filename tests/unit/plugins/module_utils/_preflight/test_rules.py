"""What a host has and what it needs, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.listening_ports import Listener
from ansible_collections.aisha.cluster.plugins.module_utils._host.resources import Disk, Memory
from ansible_collections.aisha.cluster.plugins.module_utils._instances.neighbors import Port
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.rules import (
    MIB,
    Limits,
    Need,
    Placed,
    address_check,
    certificate_check,
    clock_check,
    disk_checks,
    folder_check,
    memory_check,
    port_check,
    python_check,
)

PLACED = [Placed("aisha-webhook-api-1", 512 * MIB), Placed("aisha-worker-1", 256 * MIB)]
NAMES = {one.name for one in PLACED}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("total", "available", "running", "status", "expected"),
    [
        (2048, 1024, set(), "passed", "768 MiB for 2 instances"),
        (1024, 768, set(), "passed", "768 MiB for 2 instances"),
        # It could never hold all of them.
        (1023, 1000, NAMES, "failed", "768 MiB for the limits of 2 instances and 256 MiB for the host"),
        # Something else has it.
        (2048, 767, set(), "failed", "768 MiB available for those that don't run yet"),
        (2048, 600, {"aisha-webhook-api-1"}, "passed", "768 MiB for 2 instances"),
        (2048, 255, {"aisha-webhook-api-1"}, "failed", "256 MiB available for those that don't run yet"),
        # Those that run have theirs already.
        (2048, 512, NAMES, "passed", "768 MiB for 2 instances"),
        (
            2048,
            511,
            NAMES,
            "warned",
            "512 MiB available, for the one that an update starts beside those that run",
        ),
    ],
)
def test_memory(total: int, available: int, running: set[str], status: str, expected: str) -> None:
    check = memory_check(Memory(total * MIB, available * MIB), PLACED, running, 256 * MIB)
    assert (check.status, check.expected) == (status, expected)
    assert check.found == f"{total} MiB in all, {available} MiB available"
    assert bool(check.advice) is (status != "passed")


@pytest.mark.parametrize(
    ("devices", "free", "statuses"),
    [
        # What comes onto one file system is added up.
        ((1, 1), (3 * MIB, 3 * MIB), ["passed"]),
        ((1, 1), (3 * MIB - 1, 3 * MIB - 1), ["failed"]),
        ((1, 2), (1 * MIB, 2 * MIB), ["passed", "passed"]),
        ((1, 2), (1 * MIB, 2 * MIB - 1), ["passed", "failed"]),
    ],
)
def test_disks(devices: tuple[int, int], free: tuple[int, int], statuses: list[str]) -> None:
    needs = [Need("/opt/aisha", MIB, "the folder"), Need("/var/lib/docker", 2 * MIB, "images")]
    disks = [
        Disk(need.path, 10 * MIB, room, device)
        for need, room, device in zip(needs, free, devices, strict=True)
    ]
    checks = disk_checks(needs, disks)
    assert [check.status for check in checks] == statuses
    assert " and ".join(check.subject for check in checks) == "/opt/aisha and /var/lib/docker"
    assert " and ".join(check.expected for check in checks) == "1 MiB for the folder and 2 MiB for images"


@pytest.mark.parametrize(
    ("listener", "owner", "status", "found"),
    [
        (None, "aisha-nginx-prod", "passed", "free for aisha-nginx-prod"),
        (Listener(80, "0.0.0.0"), "aisha-nginx-prod", "passed", "free for aisha-nginx-prod"),  # noqa: S104
        (Listener(443, "10.0.0.2"), "aisha-nginx-prod", "passed", "free for aisha-nginx-prod"),
        (
            Listener(443, "10.0.0.1", "aisha-nginx-prod"),
            "aisha-nginx-prod",
            "passed",
            "aisha-nginx-prod listens there",
        ),
        (
            Listener(443, "::", "aisha-nginx-prod-next"),
            "aisha-nginx-prod",
            "passed",
            "aisha-nginx-prod listens there",
        ),
        (
            Listener(443, "::", "aisha-nginx-adopting"),
            "aisha-nginx-prod",
            "passed",
            "aisha-nginx-prod listens there",
        ),
        (
            Listener(443, "0.0.0.0", process="process apache2 (812)"),  # noqa: S104
            "aisha-nginx-prod",
            "failed",
            "that process apache2 (812) listens there",
        ),
        (
            Listener(443, "", "shop-nginx-prod"),
            "aisha-nginx-prod",
            "failed",
            "that container shop-nginx-prod of cluster shop listens there",
        ),
        (Listener(443, "10.0.0.1"), "aisha-nginx-prod", "failed", "that an unknown program listens there"),
        # Another instance's port is as taken as a stranger's.
        (
            Listener(443, "", "aisha-webhook-api-2"),
            "aisha-webhook-api-1",
            "failed",
            "that container aisha-webhook-api-2 listens there",
        ),
    ],
)
def test_ports(listener: Listener | None, owner: str, status: str, found: str) -> None:
    check = port_check(
        Port(443, "10.0.0.1", owner), [listener] if listener else [], {"shop-nginx-prod": "shop"}
    )
    assert (check.status, check.found, check.subject) == (status, found, "443 of 10.0.0.1")
    assert (owner in check.advice) is (status == "failed")


@pytest.mark.parametrize(
    ("mounted", "status", "found"),
    [
        ([], "passed", "no other cluster's container that mounts it"),
        (["shop-nginx-prod"], "failed", "that container shop-nginx-prod of cluster shop mounts it"),
    ],
)
def test_the_folder_is_one_cluster_s(mounted: list[str], status: str, found: str) -> None:
    check = folder_check("/opt/aisha", "aisha", mounted, {"shop-nginx-prod": "shop"})
    assert (check.status, check.expected, check.found) == (status, "a folder of cluster aisha alone", found)


@pytest.mark.parametrize(
    ("offset", "uncertainty", "status"),
    [
        (0.4, 0.6, "passed"),
        (-2.5, 0.6, "passed"),
        (2.7, 0.6, "warned"),
        (-30.5, 0.6, "warned"),
        (30.7, 0.6, "failed"),
        (-300.0, 0.6, "failed"),
        # A slow answer says less.
        (4.0, 2.0, "passed"),
    ],
)
def test_clocks(offset: float, uncertainty: float, status: str) -> None:
    check = clock_check("telegram", offset, uncertainty, Limits(2, 30))
    assert (check.status, check.subject) == (status, "of the host")
    assert ("ahead" if offset > 0 else "behind") in check.found


@pytest.mark.parametrize(
    ("days", "status", "found"),
    [
        (31, "passed", "31 days (until 2026-04-01 00:00 UTC)"),
        (30, "passed", "30 days (until 2026-03-31 00:00 UTC)"),
        (29.9, "warned", "29 days (until 2026-03-30 21:36 UTC)"),
        (14, "warned", "14 days (until 2026-03-15 00:00 UTC)"),
        (13.9, "failed", "13 days (until 2026-03-14 21:36 UTC)"),
        (-1, "failed", "that it expired at 2026-02-28 00:00 UTC"),
    ],
)
def test_certificates(days: float, status: str, found: str) -> None:
    check = certificate_check("a.pem", NOW + timedelta(days=days), NOW, Limits(30, 14))
    assert (check.status, check.found) == (status, found)
    assert check.reason == ("expired" if days < 0 else "")


@pytest.mark.parametrize(
    ("version", "user", "status", "found"),
    [
        ((3, 10), 0, "passed", "Python 3.10, as root"),
        ((3, 9), 0, "failed", "Python 3.9"),
        ((3, 13), 1000, "failed", "user 1000"),
    ],
)
def test_access(version: tuple[int, int], user: int, status: str, found: str) -> None:
    check = python_check(version, user)
    assert (check.status, check.found) == (status, found)


@pytest.mark.parametrize(
    ("local", "status", "found"),
    [(True, "passed", "an interface has it"), (False, "failed", "that no interface has it")],
)
def test_address(local: bool, status: str, found: str) -> None:
    check = address_check("10.0.0.5", ["aisha-webhook-api-1", "aisha-registry"], local)
    assert (check.status, check.subject, check.found) == (status, "10.0.0.5", found)
    assert check.expected == "an address of this host, for aisha-webhook-api-1, aisha-registry"
    assert bool(check.advice) is (status == "failed")
