# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How instances differ from their desired state, and which action each needs.

Private to this collection. No I/O here. What is read is the Docker Engine's API,
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .fingerprint import SPEC_LABEL, fields_of, keyed, label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Desired:
    """The desired state of one instance.

    Args:
        name: of its container.
        image: reference of its image.
        state: healthy, started or present.
        replaceable: whether another container is made for another spec, rather than this one changed.
        restartable: whether a restart is meant for it, too.
        hashes: of the fields that it is created with, as fingerprint.field_hashes() returns them.
        memory: limit in bytes; None where the spec has none, and any will do.
        restart_policy: when the engine starts it again.
        network: the network that it is attached to; None where its spec names a mode.
    """

    name: str
    image: str
    state: str = "healthy"
    replaceable: bool = False
    restartable: bool = False
    hashes: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    restart_policy: str = "unless-stopped"
    network: str | None = None


@dataclass(frozen=True)
class InstancePlan:
    """What one instance needs. Documented as RV(instances) of host_plan."""

    action: str
    from_image: str
    to_image: str
    differs: tuple[str, ...]
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        """The same for programs to read."""
        plan = asdict(self)
        return {
            "action": plan["action"],
            "from": plan["from_image"],
            "to": plan["to_image"],
            "differs": list(self.differs),
            "fingerprint": plan["fingerprint"],
        }


def compare(
    desired: Desired,
    container: Mapping[str, Any] | None,
    image_ids: Mapping[str, str],
    key: bytes,
    *,
    restart: bool = False,
) -> InstancePlan:
    """Return what brings an instance to its desired state.

    Args:
        desired: that state.
        container: the inspection of the container of its name; None when there is none.
        image_ids: ids of the engine's images by reference, as image_ids() returns them.
        key: of the host, for the fingerprints.
        restart: whether an instance is restarted that has not drifted.

    Returns:
        The action: none; run, to create, start or change it where it is; replace; restart. `differs` names
        the fields that have drifted, as docker_container calls them.
    """
    fields = keyed(desired.hashes, key)
    if container is None:
        return InstancePlan("run", "", desired.image, (), label_of(fields))
    recreate = _drift(fields, container)
    if _other_image(desired.image, container, image_ids):
        recreate = (*recreate, "image")
    in_place = _drift_in_place(desired, container)
    if recreate and desired.replaceable:
        action = "replace"
    elif recreate or in_place or not _in_state(desired.state, container["State"]):
        action = "run"
    else:
        action = "restart" if restart and desired.restartable else "none"
    differs = tuple(sorted({*recreate, *in_place} - {"image"}))
    return InstancePlan(
        action, str(container["Config"].get("Image") or ""), desired.image, differs, label_of(fields)
    )


def image_ids(images: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the ids of an engine's images by their tags and by their names with a digest."""
    return {
        str(name): str(image["Id"])
        for image in images
        for name in [*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())]
    }


def _drift(fields: Mapping[str, str], container: Mapping[str, Any]) -> tuple[str, ...]:
    actual = fields_of((container["Config"].get("Labels") or {}).get(SPEC_LABEL))
    if actual is None:
        return ("spec",)
    return tuple(name for name in {*fields, *actual} if fields.get(name) != actual.get(name))


def _other_image(desired: str, container: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """A tag may stand for another image by now; one that the engine doesn't have says nothing."""
    if container["Config"].get("Image") != desired:
        return True
    names = (desired, f"{desired}:latest", desired.removeprefix("docker.io/").removeprefix("library/"))
    current = next((ids[name] for name in names if name in ids), container.get("Image"))
    return bool(current != container.get("Image"))


def _drift_in_place(desired: Desired, container: Mapping[str, Any]) -> tuple[str, ...]:
    host = container.get("HostConfig") or {}
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    conditions = {
        "memory": desired.memory in (None, int(host.get("Memory") or 0)),
        "restart_policy": ((host.get("RestartPolicy") or {}).get("Name") or "no") == desired.restart_policy,
        "networks": desired.network is None or desired.network in networks,
    }
    return tuple(name for name, holds in conditions.items() if not holds)


def _in_state(desired: str, state: Mapping[str, Any]) -> bool:
    if desired == "present":
        return True
    health = (state.get("Health") or {}).get("Status") or "none"
    return state.get("Status") == "running" and health in ("healthy", "none")
