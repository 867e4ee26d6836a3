# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What host_drift asks an engine and the cluster's folder for.

Private to this collection.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._host.drift import Change, daemon_changes
from .._host.listening_ports import listeners
from .._instances.drift import Desired, compare, image_ids
from .._instances.labels import CLUSTER_LABEL, COMPONENT_LABEL
from .._instances.neighbors import Port, conflicts, neighbors
from .._release.records import load
from .._release.store import Files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._core.docker import Engine

KEY_FILE = "fingerprint.key"
KEY_BYTES = 32


def key_of(home: Path, *, check_mode: bool, makes_home: bool) -> bytes:
    """Return the host's key, and create it unless this is check mode.

    Args:
        home: folder of the key.
        check_mode: whether nothing may be written.
        makes_home: whether the folder is made where it is missing, since containers are about to carry
            fingerprints of this key. Otherwise any key will do: nothing can have been made with another.
    """
    path = home / KEY_FILE
    if path.is_file():
        return path.read_bytes()
    key = os.urandom(KEY_BYTES)
    if makes_home and not check_mode:
        home.mkdir(mode=0o750, parents=True, exist_ok=True)
    if home.is_dir() and not check_mode:
        # Written aside and linked: an interruption leaves no half of a key, and the first of two runs wins.
        aside = path.with_suffix(f".{os.getpid()}")
        aside.touch(mode=0o600)
        aside.write_bytes(key)
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            key = path.read_bytes()
        finally:
            aside.unlink()
    return key


def release_of(home: str) -> dict[str, Any]:
    """Return the record of the current release; nothing on a host that has none."""
    files = Files(home)
    with files.alone(make=False):
        current = load(files).current
    return current.as_dict() if current else {}


def name_of(entry: dict[str, Any]) -> str:
    """Return the name of a container in the engine's list."""
    return str((entry.get("Names") or [""])[0]).removeprefix("/")


def instances_of(engine: Engine, params: dict[str, Any], names: set[str], key: bytes) -> dict[str, Any]:
    """Return the plan of each desired instance."""
    desired = [Desired(**each) for each in params["instances"]]
    ids = image_ids(engine.images()) if desired else {}
    return {
        each.name: compare(
            each,
            engine.inspect(each.name) if each.name in names else None,
            ids,
            key,
            restart=params["restart"],
        ).as_dict()
        for each in desired
    }


def network_of(engine: Engine, name: str | None) -> dict[str, Any]:
    """Return what the engine says of a network; nothing where there is none of that name."""
    networks = engine.about("networks") if name else []
    return next((dict(each) for each in networks if each["Name"] == name), {})


def conflicts_of(entries: list[dict[str, Any]], params: dict[str, Any]) -> list[str]:
    """Return what another cluster has of what is to be this one's, where the ports are given."""
    if params["ports"] is None or not neighbors(entries, params["cluster_name"]):
        return []
    ports = [Port(each["number"], each["address"], each["owner"]) for each in params["ports"]]
    there = listeners({port.number for port in ports}, entries)
    return conflicts(entries, params["cluster_name"], params["home"], ports, there)


def engine_changes(
    engine: Engine, params: dict[str, Any], entries: list[dict[str, Any]], network: dict[str, Any]
) -> Iterator[Change]:
    """Yield what differs of the engine besides the desired instances."""
    if params["network"] and not network:
        yield Change("network", params["network"], "missing")
    for finished in params["finished"]:
        container = engine.inspect(finished["name"])
        if container is None:
            yield Change("container", finished["name"], "missing")
            continue
        labels, state = container["Config"].get("Labels") or {}, container["State"]
        ended = state.get("Status") == "exited" and state.get("ExitCode") == 0
        if not ended or any(labels.get(name) != value for name, value in finished["labels"].items()):
            yield Change("container", finished["name"], "not finished for this release")
    if params["whole"]:
        expected = {each["name"] for each in [*params["instances"], *params["finished"]]}
        for entry in sorted(entries, key=name_of):
            labels = entry.get("Labels") or {}
            if labels.get(CLUSTER_LABEL) == params["cluster_name"] and name_of(entry) not in expected:
                yield Change("container", name_of(entry), "surplus", labels.get(COMPONENT_LABEL) or "")
    if params["daemon_config"]:
        yield from daemon_changes(params["daemon_config_file"], params["daemon_config"], engine.info())
