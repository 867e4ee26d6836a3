"""The lab's network: addresses that stay the same when a host is stopped and started again."""

from __future__ import annotations

import ipaddress
import json

from lablib.shell import LABEL, LabError, docker, inspect

NAME = "aisha-lab"
# The lab gives fixed addresses from the lower half of the subnet, Docker hands out those of the upper half.
FIRST_FIXED = 10


def gateway() -> str | None:
    """This machine's address on the lab's network, or None without the network."""
    addresses = inspect("network", NAME, "{{range .IPAM.Config}}{{.Gateway}} {{end}}")
    return addresses.split()[0] if addresses else None


def up() -> str:
    """Make the network when missing and return this machine's address on it.

    The address serves this machine's engine, its containers and target hosts alike. The default
    bridge's address wouldn't: an engine in a target gives its own bridge the same one.
    """
    address = gateway()
    if address:
        return address
    # Docker allows fixed addresses only on a subnet that it was told; so it is told the one that it picks.
    docker("network", "create", NAME)
    subnet = ipaddress.IPv4Network(str(inspect("network", NAME, "{{(index .IPAM.Config 0).Subnet}}")))
    docker("network", "rm", NAME)
    address = str(subnet[1])
    _, dynamic = subnet.subnets()
    options = ("--subnet", str(subnet), "--ip-range", str(dynamic), "--gateway", address)
    docker("network", "create", "--label", f"{LABEL}=network", *options, NAME)
    return address


def free_address() -> str:
    """The first fixed address that no container of the lab has, running or not."""
    subnet = ipaddress.IPv4Network(str(inspect("network", NAME, "{{(index .IPAM.Config 0).Subnet}}")))
    containers = docker("ps", "-aq", "--filter", f"label={LABEL}").split()
    listed = json.loads(docker("container", "inspect", *containers)) if containers else []
    configured = [(one["NetworkSettings"]["Networks"].get(NAME) or {}).get("IPAMConfig") for one in listed]
    taken = {(one or {}).get("IPv4Address") for one in configured}
    for number in range(FIRST_FIXED, min(256, subnet.num_addresses // 2)):
        if str(subnet[number]) not in taken:
            return str(subnet[number])
    raise LabError(f"no address is left on the network {NAME}")


def address_of(container: str) -> str | None:
    """A container's address on the lab's network, or None when it isn't running there."""
    found = inspect("container", container, f'{{{{(index .NetworkSettings.Networks "{NAME}").IPAddress}}}}')
    return found or None
