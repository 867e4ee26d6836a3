# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A poller's container again, with another image, command or environment and all the rest as it was.

Private to this collection. No I/O here. What is written and read is the Docker Engine's API,
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Of Config: a value that is the old image's own isn't handed on, or the new image's would never be seen.
_INHERITED = ("User", "WorkingDir", "StopSignal", "Healthcheck", "Shell", "OnBuild", "Entrypoint", "Cmd")
_INHERITED_KEYS = ("Labels", "ExposedPorts", "Volumes")
_END_OF_OPTIONS = "--"


@dataclass(frozen=True)
class Want:
    """What a poller is to become.

    Args:
        image: its name, by digest; None leaves it as it is.
        environment: variables that are set, over what the container has. repr() doesn't show them.
        command: words after the image's entry point; None leaves them as they are.
    """

    image: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Copy:
    """What the engine is asked to make.

    Args:
        config: the body of the request.
        networks: those that one request can't join, to be joined before the start, by name.
    """

    config: dict[str, Any] = field(repr=False)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)


def changes(
    container: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], want: Want
) -> tuple[str, ...]:
    """Return what isn't as wanted: image, command, and names of variables.

    Args:
        container: as its inspection says.
        old: the inspection of its image.
        new: the inspection of the wanted image, which may be the same.
        want: what is wanted.

    Raises:
        ValueError: the new image's entry point can't be put into the container's command.
    """
    config = container["Config"]
    has = _variables(config.get("Env"))
    found = []
    if new.get("Id") != container.get("Image"):
        found.append("image")
    if command_of(config, old, new, want) != _started(config):
        found.append("command")
    return (*found, *sorted(name for name, value in want.environment.items() if has.get(name) != value))


def differences(container: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what another container has differently: image, command, and names of variables.

    Where it is none of these, it is something else of its configuration.
    """
    found = []
    if other.get("Image") != container.get("Image"):
        found.append("image")
    if _started(other["Config"]) != _started(container["Config"]):
        found.append("command")
    has, gets = (_variables(each["Config"].get("Env")) for each in (container, other))
    found += sorted(name for name in {**has, **gets} if has.get(name) != gets.get(name))
    return tuple(found) or ("configuration",)


def command_of(
    config: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], want: Want
) -> tuple[list[str], list[str]]:
    """Return entry point and command: the guard's, then the image's own, then what it is told to do.

    Raises ValueError when it can't be known where the image's own ends.
    """
    entrypoint, words = _started(config)
    before, after = _entrypoint(old), _entrypoint(new)
    if want.command is None and before == after:
        return entrypoint, words
    if _END_OF_OPTIONS not in words:
        raise ValueError(f"a command with {_END_OF_OPTIONS} after the guard's options")
    start = words.index(_END_OF_OPTIONS) + 1
    if want.command is not None:
        return entrypoint, [*words[:start], *after, *want.command]
    if words[start : start + len(before)] != before:
        raise ValueError("a command that begins with its image's entry point; give the option command")
    return entrypoint, [*words[:start], *after, *words[start + len(before) :]]


def copy_of(
    container: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], want: Want, image: str
) -> Copy:
    """Return what makes the same container again, but for what is wanted of it, from the image so named."""
    own = copy.deepcopy(dict(container["Config"]))
    from_image = old.get("Config") or {}
    config = {
        key: value for key, value in own.items() if key not in _INHERITED or value != from_image.get(key)
    }
    for key in _INHERITED_KEYS:
        if config.get(key):
            theirs = from_image.get(key) or {}
            config[key] = {
                name: value for name, value in config[key].items() if theirs.get(name, _NONE) != value
            }
    config["Entrypoint"], config["Cmd"] = command_of(own, old, new, want)
    variables = _variables(
        [line for line in own.get("Env") or () if line not in (from_image.get("Env") or ())]
    )
    config["Env"] = [f"{name}={value}" for name, value in {**variables, **want.environment}.items()]
    config["Image"] = image
    host = copy.deepcopy(dict(container["HostConfig"]))
    _keep_volumes(host, container)
    host["Links"] = [_link(link) for link in host.get("Links") or ()] or None
    mode = str(host.get("NetworkMode") or "default")
    shared = mode == "host" or mode.startswith("container:")
    if shared or str(container.get("Id", "")).startswith(config.get("Hostname") or " "):
        config.pop("Hostname", None)
    if mode.startswith("container:"):
        config.pop("ExposedPorts", None)
    config["HostConfig"] = host
    networks = {} if shared or mode == "none" else _networks(container)
    first = mode if mode in networks else next(iter(networks), None)
    if first is not None:
        config["NetworkingConfig"] = {"EndpointsConfig": {first: networks.pop(first)}}
    return Copy(config, networks)


_NONE = object()


def _started(config: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    return list(config.get("Entrypoint") or ()), list(config.get("Cmd") or ())


def _entrypoint(image: Mapping[str, Any]) -> list[str]:
    return list((image.get("Config") or {}).get("Entrypoint") or ())


def _variables(lines: Sequence[str] | None) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in lines or ())


def _keep_volumes(host: dict[str, Any], container: Mapping[str, Any]) -> None:
    """Name the volumes that the engine has named itself, so that the same ones are mounted again."""
    mounts = host.get("Mounts") or []
    binds = list(host.get("Binds") or ())
    targets = {str(mount.get("Target")) for mount in mounts} | {
        bind.split(":")[1] for bind in binds if ":" in bind
    }
    for volume in container.get("Mounts") or ():
        if volume.get("Type") != "volume" or not volume.get("Name"):
            continue
        target = str(volume["Destination"])
        for mount in mounts:
            if mount.get("Target") == target and not mount.get("Source"):
                mount["Source"] = volume["Name"]
        if target not in targets:
            binds.append(f"{volume['Name']}:{target}:{'rw' if volume.get('RW', True) else 'ro'}")
    host["Binds"] = binds or None


def _link(link: str) -> str:
    """A link as it is asked for, from how it is told: /other:/own/alias."""
    other, _colon, alias = link.partition(":")
    return f"{other.lstrip('/')}:{alias.rpartition('/')[2]}"


def _networks(container: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The networks, without what belongs to this one container alone."""
    identity = str(container.get("Id") or " ")[:12]
    joined = (container.get("NetworkSettings") or {}).get("Networks") or {}
    kept: dict[str, dict[str, Any]] = {}
    for name, endpoint in joined.items():
        kept[name] = {
            "IPAMConfig": endpoint.get("IPAMConfig") or None,
            "Links": [_link(link) for link in endpoint.get("Links") or ()] or None,
            "Aliases": [alias for alias in endpoint.get("Aliases") or () if alias != identity] or None,
            "DriverOpts": endpoint.get("DriverOpts") or None,
        }
    return kept
