# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host has what its share of a cluster needs: memory, disk, ports, the time, a certificate.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.findings import Check

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from .._host.listening_ports import Listener
    from .._host.resources import Disk, Memory
    from .._instances.neighbors import Port

MIB = 1 << 20


@dataclass(frozen=True)
class Placed:
    """An instance that the inventory has placed on the host, and its memory limit; 0 without one."""

    name: str
    memory_bytes: int


@dataclass(frozen=True)
class Need:
    """What must be free on the file system of a path, and what for."""

    path: str
    free_bytes: int
    purpose: str


@dataclass(frozen=True)
class Limits:
    """From where on it is worth a warning, and from where on a failure."""

    warn: float
    fail: float


def memory_check(
    memory: Memory, placed: Sequence[Placed], running: Collection[str], margin_bytes: int
) -> Check:
    """Whether the host's memory holds what is placed on it, and what of it doesn't run yet."""
    limits = sum(one.memory_bytes for one in placed)
    missing = sum(one.memory_bytes for one in placed if one.name not in running)
    largest = max((one.memory_bytes for one in placed), default=0)
    found = f"{_mib(memory.total_bytes)} in all, {_mib(memory.available_bytes)} available"
    advice = "Lower the limits (..._memory), place fewer instances here, or give the host more memory."
    subject = f"{len(placed)} instances"
    if memory.total_bytes < limits + margin_bytes:
        expected = f"{_mib(limits)} for the limits of {subject} and {_mib(margin_bytes)} for the host"
        return Check("memory", subject, "failed", expected, found, advice)
    if memory.available_bytes < missing:
        expected = f"{_mib(missing)} available for those that don't run yet"
        return Check("memory", subject, "failed", expected, found, advice)
    if memory.available_bytes < largest:
        expected = f"{_mib(largest)} available, for the one that an update starts beside those that run"
        return Check("memory", subject, "warned", expected, found, advice)
    return Check("memory", subject, "passed", f"{_mib(limits)} for {subject}", found)


def disk_checks(needs: Sequence[Need], disks: Sequence[Disk]) -> list[Check]:
    """Whether each file system has room for all that comes onto it.

    Args:
        needs: what is needed.
        disks: for each need, the file system of its path.
    """
    checks = []
    for device in dict.fromkeys(disk.device for disk in disks):
        here = [need for need, disk in zip(needs, disks, strict=True) if disk.device == device]
        disk = next(disk for disk in disks if disk.device == device)
        subject = " and ".join(dict.fromkeys(need.path for need in here))
        wanted = sum(need.free_bytes for need in here)
        purposes = " and ".join(f"{_mib(need.free_bytes)} for {need.purpose}" for need in here)
        found = f"{_mib(disk.free_bytes)} free of {_mib(disk.total_bytes)}"
        if disk.free_bytes < wanted:
            advice = "Free some, as with `docker image prune`, or give the host a larger disk."
            checks.append(Check("disk", subject, "failed", purposes, found, advice))
        else:
            checks.append(Check("disk", subject, "passed", purposes, found))
    return checks


def port_check(port: Port, listeners: Sequence[Listener], neighbors: Mapping[str, str]) -> Check:
    """Whether a port is free, or its owner's already.

    Args:
        port: it.
        listeners: who listens on the host.
        neighbors: the containers of other clusters, name to cluster.
    """
    there = port.listeners(listeners)
    others = [one for one in there if not port.is_owner(one.container)]
    if others:
        who = dict.fromkeys(
            f"{one} of cluster {neighbors[one.container]}" if one.container in neighbors else str(one)
            for one in others
        )
        found = f"that {' and '.join(who)} listens there"
        advice = f"Stop that, or give {port.owner} another port in the inventory."
        return Check("port", str(port), "failed", f"it free for {port.owner}", found, advice)
    state = f"{port.owner} listens there" if there else f"free for {port.owner}"
    return Check("port", str(port), "passed", f"it free for {port.owner}", state)


def folder_check(home: str, cluster: str, mounted_by: Sequence[str], neighbors: Mapping[str, str]) -> Check:
    """Whether a cluster's folder is no other cluster's.

    Args:
        home: the folder.
        cluster: whose it is to be.
        mounted_by: the containers of other clusters that mount it, or something in it.
        neighbors: the containers of other clusters, name to cluster.
    """
    expected = f"a folder of cluster {cluster} alone"
    if not mounted_by:
        return Check("folder", home, "passed", expected, "no other cluster's container that mounts it")
    who = " and ".join(f"container {name} of cluster {neighbors[name]}" for name in mounted_by)
    return Check("folder", home, "failed", expected, f"that {who} mounts it", "Set another cluster_home.")


def address_check(address: str, owners: Sequence[str], local: bool) -> Check:
    """Whether the host has an address at which containers are published: the engine doesn't check."""
    expected = f"an address of this host, for {', '.join(owners)}"
    if local:
        return Check("address", address, "passed", expected, "an interface has it")
    advice = (
        "Correct cluster_address, registry_bind_address or monitoring_bind_address of the inventory, or "
        "bring up the interface that has it."
    )
    return Check("address", address, "failed", expected, "that no interface has it", advice)


def clock_check(server: str, offset_s: float, uncertainty_s: float, limits: Limits) -> Check:
    """Whether the host's clock is right.

    Args:
        server: whose time it is compared with.
        offset_s: by how much the host's clock is ahead of the server's.
        uncertainty_s: how wrong the offset may be.
        limits: in seconds.
    """
    expected = f"at most {limits.warn:g} s from the time of {server}"
    direction = "ahead" if offset_s > 0 else "behind"
    found = f"{abs(offset_s):.1f} s {direction} (give or take {uncertainty_s:.1f} s)"
    certain = abs(offset_s) - uncertainty_s
    if certain <= limits.warn:
        return Check("clock", "of the host", "passed", expected, found)
    advice = (
        "Synchronise it: signatures of webhooks and certificates are judged by it (timedatectl set-ntp true)."
    )
    status = "failed" if certain > limits.fail else "warned"
    return Check("clock", "of the host", status, expected, found, advice)


def certificate_check(subject: str, not_after: datetime, now: datetime, limits: Limits) -> Check:
    """Whether a certificate is valid for long enough; limits in days."""
    left = (not_after - now).total_seconds() / 86400
    day = f"{not_after:%Y-%m-%d %H:%M} UTC"
    found = f"that it expired at {day}" if left < 0 else f"{int(left)} days (until {day})"
    expected = f"it valid for {limits.warn:g} days or more"
    if left >= limits.warn:
        return Check("certificate", subject, "passed", expected, found)
    status = "failed" if left < limits.fail else "warned"
    advice = "Renew it, name it in nginx_tls_certificate, and run site.yml: nginx is reloaded."
    return Check("certificate", subject, status, expected, found, advice, "expired" if left < 0 else "")


def python_check(version: tuple[int, int], user: int) -> Check:
    """Whether the host lets itself be worked on: Python, and root."""
    words = f"Python {version[0]}.{version[1]}"
    if version < (3, 10):
        advice = "Name a newer one in ansible_python_interpreter."
        return Check("access", "Python", "failed", "Python 3.10 or newer", words, advice)
    if user != 0:
        advice = "Leave out ansible_become: false, or log in as root."
        return Check("access", "root", "failed", "to become root", f"user {user}", advice)
    return Check("access", "SSH, root, Python", "passed", "", f"{words}, as root")


def _mib(number: int) -> str:
    return f"{number // MIB} MiB"
