"""This machine's daemon.json: the hub is added to it and taken out again, all else stays as it is."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from lablib.shell import CACHE, LabError, as_root, docker, say, wait_for

FILE = Path("/etc/docker/daemon.json")
# What was added, so that exactly this is taken out.
ADDED = CACHE / "daemon.json.added"
PID_FILE = Path("/var/run/docker.pid")
RELOAD_S = 15.0

Settings = dict[str, Any]


def hub_settings(hub: str) -> dict[str, list[str]]:
    """The settings that make an engine use a hub (HOST:PORT) as its mirror."""
    return {"registry-mirrors": [f"http://{hub}"], "insecure-registries": [hub]}


def merged(settings: Settings, added: dict[str, list[str]]) -> Settings:
    """The settings with the lists of `added` appended, each value once."""
    result = dict(settings)
    for key, values in added.items():
        there = list(result.get(key, []))
        result[key] = there + [value for value in values if value not in there]
    return result


def without(settings: Settings, added: dict[str, list[str]]) -> Settings:
    """The settings without the values of `added`, and without lists that this leaves empty."""
    result = dict(settings)
    for key, values in added.items():
        if key in result:
            result[key] = [value for value in result[key] if value not in values]
            if not result[key]:
                del result[key]
    return result


def read() -> Settings:
    """What daemon.json says now; {} when there is none."""
    text = as_root("cat", FILE).stdout if as_root("test", "-e", FILE, check=False).returncode == 0 else ""
    try:
        settings = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise LabError(f"{FILE} isn't valid JSON, so it is left alone: {error}") from error
    if not isinstance(settings, dict):
        raise LabError(f"{FILE} holds no JSON object, so it is left alone")
    return settings


def write(settings: Settings) -> None:
    """Put daemon.json in place in one step, or remove it when nothing is left in it."""
    if not settings:
        as_root("rm", "-f", FILE)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(settings, file, indent=2)
        file.write("\n")
        file.flush()
        new = FILE.with_name(".daemon.json.new")
        as_root("mkdir", "-p", FILE.parent)
        as_root("install", "-m", "0644", file.name, new)
        as_root("mv", "-f", new, FILE)


def mirrors() -> list[str]:
    """The mirrors that the running engine uses, without the slash that it adds."""
    listed = json.loads(docker("info", "--format", "{{json .RegistryConfig.Mirrors}}")) or []
    return [str(mirror).rstrip("/") for mirror in listed]


def reload() -> None:
    """Make the engine read daemon.json again, without a restart."""
    if as_root("test", "-e", PID_FILE, check=False).returncode == 0:
        as_root("kill", "-HUP", as_root("cat", PID_FILE).stdout.strip())
    else:
        as_root("systemctl", "reload", "docker")


def use(hub: str) -> bool:
    """Make this machine's engine use the hub. Returns whether anything was changed."""
    added = hub_settings(hub)
    stale = json.loads(ADDED.read_text()) if ADDED.exists() else {}
    before = read()
    after = merged(without(before, {} if stale == added else stale), added)
    mirror = added["registry-mirrors"][0]
    if after == before and mirror in mirrors():
        return False
    ADDED.parent.mkdir(parents=True, exist_ok=True)
    ADDED.write_text(json.dumps(added))
    say(f"telling the Docker Engine about its mirror {mirror}")
    write(after)
    reload()
    wait_for(f"the Docker Engine to use the mirror {mirror}", lambda: mirror in mirrors(), RELOAD_S)
    return True


def forget(hub: str | None) -> bool:
    """Take out of daemon.json what `use` added. Returns whether anything was changed."""
    added = json.loads(ADDED.read_text()) if ADDED.exists() else hub_settings(hub) if hub else {}
    before = read()
    after = without(before, added)
    if after != before:
        # On a reload the engine keeps what the file doesn't mention: so the lists are emptied first.
        write({**after, **{key: after.get(key, []) for key in added}})
        reload()
        gone = set(added.get("registry-mirrors", []))
        wait_for("the Docker Engine to forget its mirror", lambda: not gone & set(mirrors()), RELOAD_S)
        write(after)
    ADDED.unlink(missing_ok=True)
    return after != before
