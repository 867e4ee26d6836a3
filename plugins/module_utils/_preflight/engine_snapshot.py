# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine has of a cluster when a host is looked at, and what that means for a deployment.

Private to this collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.docker import ADVICE, EngineError
from .._core.findings import Check
from .._instances.labels import CLUSTER_LABEL, COMPONENT_LABEL
from .._pollers.model import POLLER_COMPONENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._core.docker import Engine

_DEFAULT_ROOT = "/var/lib/docker"
# Where one is, whatever installed it.
_TRACES = tuple(
    map(Path, ("/var/run/docker.sock", "/usr/sbin/dockerd", "/usr/bin/dockerd", "/snap/bin/docker"))
)
_APPLICATION = ("webhook-api", POLLER_COMPONENT, "worker")


@dataclass(frozen=True)
class EngineSeen:
    """An engine as it was found; without one, everything is empty.

    Args:
        cluster: name of the cluster that is looked at.
        info: what the engine says of itself.
        containers: all of them, in the list's short form.
        images: likewise.
    """

    cluster: str
    info: dict[str, Any] = field(default_factory=dict)
    containers: Sequence[dict[str, Any]] = ()
    images: Sequence[dict[str, Any]] = ()

    @property
    def answers(self) -> bool:
        return bool(self.info)

    @property
    def root(self) -> str:
        """The folder that images and volumes are in."""
        return str(self.info.get("DockerRootDir") or _DEFAULT_ROOT)

    @property
    def mirrors(self) -> list[str]:
        """Addresses of the mirrors of Docker Hub."""
        return list((self.info.get("RegistryConfig") or {}).get("Mirrors") or ())

    @property
    def insecure(self) -> set[str]:
        """Registries and networks that are asked without TLS."""
        config = self.info.get("RegistryConfig") or {}
        named = {
            str(name)
            for name, one in (config.get("IndexConfigs") or {}).items()
            if not one.get("Secure", True)
        }
        return named | {str(network) for network in config.get("InsecureRegistryCIDRs") or ()}

    @property
    def deployed(self) -> bool:
        """Whether there is anything of the cluster."""
        return any(self._own())

    def has(self, name: str) -> bool:
        """Whether there is a container of this name."""
        return any(name_of(container) == name for container in self.containers)

    def running(self) -> set[str]:
        """Names of the cluster's containers that run."""
        return {name_of(container) for container in self._own() if container.get("State") == "running"}

    def has_image(self, name: str) -> bool:
        """Whether an image needn't be pulled."""
        wanted = _short(name)
        return any(
            wanted == _short(str(known))
            for image in self.images
            for known in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ()))
        )

    def release_bytes(self) -> int:
        """Size of the application's images that the cluster's containers have been made with."""
        used = {
            container.get("ImageID")
            for container in self._own()
            if (container.get("Labels") or {}).get(COMPONENT_LABEL) in _APPLICATION
        }
        return sum(int(image.get("Size") or 0) for image in self.images if image.get("Id") in used)

    def _own(self) -> Iterable[dict[str, Any]]:
        return (
            container
            for container in self.containers
            if (container.get("Labels") or {}).get(CLUSTER_LABEL) == self.cluster
        )


def look(
    connect: Callable[[], Engine], cluster: str, traces: Sequence[Path] = _TRACES
) -> tuple[EngineSeen, Check]:
    """Look at the engine, and say how it is.

    Args:
        connect: makes a connection, or raises EngineError.
        cluster: name of the cluster.
        traces: files that are there where an engine is installed.
    """
    try:
        engine = connect()
        seen = EngineSeen(cluster, engine.info(), engine.containers({}), engine.images())
    except EngineError as error:
        return EngineSeen(cluster), _absent(error, [path for path in traces if path.exists()])
    version = f"Docker Engine {seen.info.get('ServerVersion', 'of an unknown version')}"
    return seen, Check("engine", "", "passed", "an engine that answers", version)


def name_of(container: dict[str, Any]) -> str:
    """Return the name of an entry in an engine's list."""
    return str(next(iter(container.get("Names") or ("",)))).removeprefix("/")


def _absent(error: EngineError, traces: Sequence[Path]) -> Check:
    if not traces:
        return Check("engine", "", "skipped", "", "none is installed: site.yml does that")
    if error.reason == "library_missing":
        return Check("engine", "", "skipped", "", "its Python libraries aren't installed: site.yml does that")
    found = f"that {traces[0]} is there, and no answer: {error.found}"
    return Check("engine", "", "failed", "an engine that answers", found, ADVICE[error.reason])


def _short(image: str) -> str:
    """An image's name as an engine lists it."""
    name = image.removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
