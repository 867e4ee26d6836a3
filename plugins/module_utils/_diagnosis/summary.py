# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a diagnosis finds at first sight, on one host and over all of them, and how it is told.

Private to this collection. No I/O here. Texts are masked already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.address import host_port
from .._instances.labels import RESTING_COMPONENTS
from .._instances.slots import BY_HAND, NEXT, PREVIOUS
from .._instances.state import instance_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._host.resources import Disk, Memory
    from .._host.tcp_probe import Reached
    from .._instances.log_lines import InstanceLog
    from .._pollers.model import Poller

_LEAST_DISK = 0.1
_LEAST_MEMORY = 0.05
# Seconds between the clock of a host and the controller's.
_MOST_CLOCK_OFFSET = 2.0


def of_container(container: Mapping[str, Any]) -> list[str]:
    """What is wrong with one container, by its inspection."""
    instance = instance_of(container)
    name = instance.name
    if BY_HAND in name:
        return [f"{name}: started by hand, and replaced; it is kept until you remove it."]
    if name.endswith((PREVIOUS, NEXT)):
        return [f"{name}: of an update that isn't finished; the next one that ends well removes it."]
    found = []
    rests = instance.component in RESTING_COMPONENTS and not instance.exit_code
    if instance.problem is not None and not rests:
        found.append(f"{name}: expected it well, found {instance.problem}.")
    if instance.restarts:
        found.append(f"{name}: the engine has started it again {instance.times}.")
    if container["State"].get("OOMKilled"):
        limit = (container.get("HostConfig") or {}).get("Memory") or 0
        of_limit = f" of {limit / 2**20:.0f} MiB" if limit else ""
        found.append(f"{name}: killed for want of memory{of_limit}. Give it more, or look for what takes it.")
    return found


def of_log(log: InstanceLog) -> list[str]:
    """What is wrong by a log."""
    if not log.errors:
        return []
    lines = "one line tells" if log.errors == 1 else f"{log.errors} lines tell"
    return [f"{log.name}: {lines} of errors in the last hour. The last: {log.last_error}"]


def of_pollers(pollers: Iterable[Poller]) -> list[str]:
    """What is wrong with pollers."""
    found = [f"{one.name}: {one.problem or 'not good'}." for one in pollers if not one.good]
    for one in pollers:
        if one.conflicts.guard:
            found.append(
                f"{one.name}: somebody else polled with this bot's token "
                f"({one.conflicts.guard} conflicts since it started). "
                "Find and stop that one, or have @BotFather issue another token."
            )
    return found


def of_reach(reached: Iterable[Reached]) -> list[str]:
    """What can't be reached."""
    return [
        f"{one.name} at {host_port(one.host, one.port)}: {one.problem}." for one in reached if one.problem
    ]


def of_room(memory: Memory, disks: Sequence[Disk]) -> list[str]:
    """What is short. Of several paths of one file system the first is told."""
    found = []
    if memory.available_bytes < _LEAST_MEMORY * memory.total_bytes:
        found.append(f"Memory: {_share(memory.available_bytes, memory.total_bytes)} is available.")
    for disk in {one.device: one for one in reversed(disks)}.values():
        if disk.free_bytes < _LEAST_DISK * disk.total_bytes:
            found.append(
                f"Disk of {disk.path}: {_share(disk.free_bytes, disk.total_bytes)} is free. "
                "To remove what the cluster needs no more, run diagnose.yml --tags prune."
            )
    return found


def _share(part: int, whole: int) -> str:
    return f"{part / 2**30:.1f} GiB of {whole / 2**30:.1f} GiB ({100 * part / whole:.0f} %)"


@dataclass(frozen=True)
class HostReport:
    """What came of one host.

    Args:
        name: in the inventory.
        missing: why nothing came; empty when something did.
        files: how many files came.
        problems: what couldn't be collected, and why.
        findings: what is wrong at first sight.
        active: its pollers that hold the lease.
        pollers: how many pollers it runs.
        images: of instances, image by name.
        clock_offset_s: how far its clock is from the controller's, as far as that is certain.
    """

    name: str
    missing: str = ""
    files: int = 0
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    pollers: int = 0
    images: Mapping[str, str] = field(default_factory=dict)
    clock_offset_s: float = 0.0

    @classmethod
    def read(cls, name: str, result: Mapping[str, Any]) -> HostReport:
        """Read what the action host_diagnosis has returned, or Ansible in its place."""
        if "files" not in result:
            why = " ".join(str(result.get("msg") or "it was not asked").split())
            return cls(name, missing=why)
        return cls(
            name=name,
            files=int(result["files"]),
            problems=tuple(map(str, result["problems"])),
            findings=tuple(map(str, result["findings"])),
            active=tuple(map(str, result["active"])),
            pollers=int(result["pollers"]),
            images={str(one): str(image) for one, image in result["images"].items()},
            clock_offset_s=float(result["clock_offset_s"]),
        )


def of_all(hosts: Sequence[HostReport]) -> list[str]:
    """What is wrong over all hosts together."""
    found = []
    active = [one for host in hosts for one in host.active]
    pollers = sum(host.pollers for host in hosts)
    unseen = [host.name for host in hosts if host.missing]
    if pollers and not active:
        of_seen = f" of those that were seen (not {', '.join(unseen)})" if unseen else ""
        found.append(f"No poller is active{of_seen}: the bot doesn't answer.")
    if len(active) > 1:
        found.append(f"{len(active)} pollers say that they are active: {', '.join(active)}.")
    by_image: dict[str, dict[str, list[str]]] = {}
    for host in hosts:
        for name, image in host.images.items():
            component = name.rstrip("0123456789").rstrip("-")
            by_image.setdefault(component, {}).setdefault(image, []).append(name)
    for component, images in sorted(by_image.items()):
        if len(images) > 1:
            which = "; ".join(f"{', '.join(names)}: {image}" for image, names in sorted(images.items()))
            found.append(f"{component}: expected one image, found {len(images)}. {which}")
    found += [
        f"{host.name}: its clock is {abs(host.clock_offset_s):.0f} s "
        f"{'ahead of' if host.clock_offset_s > 0 else 'behind'} the controller's."
        for host in hosts
        if abs(host.clock_offset_s) > _MOST_CLOCK_OFFSET
    ]
    return found


def summary(cluster: str, made_at: str, hosts: Sequence[HostReport]) -> str:
    """Return the text that is read first."""
    lines = [f"Cluster {cluster}, {made_at}", "", "What is wrong at first sight:"]
    unreached = [f"{host.name}: nothing was collected. {host.missing}" for host in hosts if host.missing]
    findings = unreached + of_all(hosts)
    findings += [f"{host.name}: {one}" for host in hosts for one in host.findings]
    lines += [f"- {one}" for one in findings] or ["- nothing"]
    lines += ["", "What was collected:"]
    for host in hosts:
        lines.append(f"- {host.name}: " + ("nothing" if host.missing else f"{host.files} files"))
        lines += [f"  without {one}" for one in host.problems]
    lines += ["", "Bot tokens, and what is known or looks like a secret, are replaced by ***."]
    return "\n".join(lines) + "\n"
