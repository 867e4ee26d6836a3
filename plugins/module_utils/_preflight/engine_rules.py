# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of an engine, and of images, with which a deployment would end badly.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.findings import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# Where images have an init system that runs only as process 1: s6-overlay's, and those of distributions.
_INITS = ("/init", "/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd")


@dataclass(frozen=True)
class EngineFacts:
    """What is known of an engine.

    Args:
        info: what it says of itself; empty before it is installed.
        config: its configuration file, with what the inventory adds.
        ipv4_forwarding: whether the kernel passes packets on between networks.
    """

    info: Mapping[str, Any]
    config: Mapping[str, Any]
    ipv4_forwarding: bool = True

    def has_security_option(self, name: str) -> bool:
        """Whether it names a security option, as C(name=userns)."""
        options = self.info.get("SecurityOptions") or ()
        return any(f"name={name}" in str(option).split(",") for option in options)


@dataclass(frozen=True)
class _Rule:
    """A setting, and the check where it is found."""

    setting: str
    status: str
    broken: Callable[[EngineFacts], bool]
    expected: str
    found: str
    advice: str


_RULES = (
    _Rule(
        "userns-remap",
        "failed",
        lambda facts: facts.has_security_option("userns") or bool(facts.config.get("userns-remap")),
        "root in containers to be the host's, to read the cluster's files and to use the host's network",
        "that userns-remap makes it another user",
        "Take userns-remap out of daemon.json and of docker_engine_daemon_config, and restart the engine. It "
        "has other images, containers and volumes then: copy what is in volumes first.",
    ),
    _Rule(
        "rootless",
        "failed",
        lambda facts: facts.has_security_option("rootless"),
        "an engine that root runs, to publish low ports and to use the host's network",
        "a rootless engine",
        "Leave out docker_host (DOCKER_HOST) and run site.yml, which installs Docker Engine for root.",
    ),
    _Rule(
        "ip_forward",
        "failed",
        lambda facts: not facts.ipv4_forwarding,
        "net.ipv4.ip_forward to be 1, for containers to reach Telegram",
        "0, which a setting under /etc/sysctl.d or a hardening tool makes it after the engine starts",
        "Set it to 1 there, and now with `sysctl -w net.ipv4.ip_forward=1`.",
    ),
    _Rule(
        "CPU limits",
        "failed",
        lambda facts: facts.info.get("CpuCfsQuota") is False,
        "a kernel that limits CPU time, since the engine refuses containers with a limit otherwise",
        "none (CpuCfsQuota is false)",
        "Run a kernel with CONFIG_CFS_BANDWIDTH and the cgroup controller cpu.",
    ),
    _Rule(
        "memory limits",
        "warned",
        lambda facts: facts.info.get("MemoryLimit") is False,
        "a kernel that limits memory, so that one container can't take all of it",
        "none (MemoryLimit is false)",
        "Boot with the kernel parameters cgroup_enable=memory cgroup_memory=1.",
    ),
    _Rule(
        "storage driver",
        "warned",
        lambda facts: facts.info.get("Driver") == "vfs",
        "overlay2, or another driver that shares the layers of images",
        "vfs, which copies an image in full for each of its layers and containers",
        "Use a file system with overlay support (ext4, or xfs with ftype=1) for the engine's data.",
    ),
    _Rule(
        "bridge",
        "failed",
        lambda facts: facts.config.get("bridge") == "none",
        "the network bridge, which the registry uses",
        '"bridge": "none" in daemon.json or docker_engine_daemon_config',
        "Take it out there and restart the engine.",
    ),
    _Rule(
        "iptables",
        "warned",
        lambda facts: facts.config.get("iptables") is False or facts.config.get("ip-masq") is False,
        "the engine to translate the addresses of containers that reach Telegram",
        '"iptables": false or "ip-masq": false in daemon.json or docker_engine_daemon_config',
        "Take it out there and restart the engine, or have the host's firewall masquerade the "
        "containers' networks.",
    ),
)


def engine_checks(facts: EngineFacts) -> list[Check]:
    """Return a check for each setting with which a deployment would end badly; none of a good engine."""
    return [
        Check("engine", rule.setting, rule.status, rule.expected, rule.found, rule.advice)
        for rule in _RULES
        if rule.broken(facts)
    ]


def config_check(path: str, fault: str) -> Check:
    """What is wrong with the engine's configuration file, with which it wouldn't start again."""
    advice = "Correct the file: the engine reads it when the host boots, and doesn't start."
    return Check("engine", path, "failed", "JSON with an object", fault, advice)


def network_checks(networks: Iterable[Mapping[str, Any]], peers: Sequence[str]) -> list[Check]:
    """Return a check for each network of the engine that hides another host of the cluster.

    Args:
        networks: as the engine lists them.
        peers: addresses of the cluster's other hosts; names are left out.
    """
    addresses = []
    for peer in peers:
        with suppress(ValueError):
            addresses.append(ipaddress.ip_address(peer))
    checks = []
    for network in networks:
        for subnet in _subnets(network):
            hidden = [str(address) for address in addresses if address in subnet]
            if hidden:
                checks.append(_hidden(str(network.get("Name")), str(subnet), hidden))
    return checks


def entrypoint_check(image: str, entrypoint: Sequence[str]) -> Check:
    """Whether an image's entry point runs under the poll guard, which is a container's process 1."""
    words = " ".join(entrypoint)
    expected = "an entry point that runs under the poll guard"
    if not entrypoint or entrypoint[0] not in _INITS:
        return Check("entrypoint", image, "passed", expected, words or "none")
    advice = (
        "Set bot_cluster_poller_entrypoint to [], and bot_cluster_poller_command to the program that it "
        "starts."
    )
    found = f"{words}, an init that runs only as process 1, which is the guard"
    return Check("entrypoint", image, "failed", expected, found, advice)


def _subnets(network: Mapping[str, Any]) -> Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for config in (network.get("IPAM") or {}).get("Config") or ():
        if config.get("Subnet"):
            yield ipaddress.ip_network(config["Subnet"], strict=False)


def _hidden(network: str, subnet: str, hidden: Sequence[str]) -> Check:
    expected = "no address of another host of the cluster in its subnet"
    advice = (
        "Set default-address-pools in docker_engine_daemon_config to a free range, remove the network with "
        f"its containers (`docker network rm {network}`), and run site.yml."
    )
    return Check("network", network, "failed", expected, f"{', '.join(hidden)} in {subnet}", advice)
