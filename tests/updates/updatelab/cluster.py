"""What runs of a cluster on an engine, and what an update has left of itself there."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from faultlab.engine import Engine

APPLICATION = ("webhook-api", "bot-polling", "worker")
FIELDS = (
    "{{.Name}}",
    "{{.Id}}",
    "{{.Config.Image}}",
    '{{index .Config.Labels "aisha.component"}}',
    "{{json .State}}",
)
# What serves nobody while a cluster runs: an update makes and restarts these as it wants.
ASIDE = ("migration", "poll-guard", "registry")
# Of an update that hasn't been settled or returned.
LEFT = ("-next", "-previous", "-trial")
SEARCHED = ("/opt/aisha", "/tmp", "/var/tmp", "/var/log", "/root", "/home", "/etc")  # noqa: S108 - searched


@dataclass(frozen=True)
class Instance:
    """A container of the cluster."""

    name: str
    id: str
    image: str
    component: str
    started: str
    status: str
    health: str

    @property
    def good(self) -> bool:
        """Whether it runs, and is healthy where that is known."""
        return self.status == "running" and self.health in ("", "healthy")


Containers = Mapping[str, Instance]


def containers(engine: Engine, cluster: str = "aisha") -> Containers:
    """Return all containers of a cluster by name, those too that don't run."""
    ids = engine.docker("ps", "-aq", "--filter", f"label=aisha.cluster={cluster}").split()
    if not ids:
        return {}
    lines = engine.docker("inspect", "--format", "\t".join(FIELDS), *ids).splitlines()
    found = {}
    for line in lines:
        name, identity, image, component, state = line.lstrip("/").split("\t", 4)
        known = json.loads(state)
        health = (known.get("Health") or {}).get("Status", "")
        one = Instance(name, identity, image, component, known["StartedAt"], known["Status"], health)
        found[name] = one
    return found


def application(found: Containers) -> dict[str, Instance]:
    """Return the application's instances: what an update replaces."""
    return {
        name: one for name, one in found.items() if one.component in APPLICATION and not name.endswith(LEFT)
    }


def touched(before: Containers, after: Containers) -> list[str]:
    """Return the names of what serves and was replaced, started anew, removed or added."""
    before, after = (
        {name: one for name, one in found.items() if one.component not in ASIDE} for found in (before, after)
    )
    names = before.keys() | after.keys()
    same = {
        name
        for name in before.keys() & after.keys()
        if (before[name].id, before[name].started) == (after[name].id, after[name].started)
    }
    return sorted(names - same)


def elsewhere(before: Containers, after: Containers) -> list[str]:
    """Return the application's instances that don't run the image that they ran, or aren't well, in words."""
    then, now = application(before), application(after)
    found = [f"{name} is missing" for name in sorted(then.keys() - now.keys())]
    for name, one in sorted(now.items()):
        if name not in then:
            found.append(f"{name} is new")
        elif one.image != then[name].image:
            found.append(f"{name} runs {one.image} and not {then[name].image}")
        elif not one.good:
            found.append(f"{name} is {one.status} {one.health}")
    return found


def unsettled(found: Containers) -> list[str]:
    """Return what an update hasn't cleared away."""
    return sorted(name for name in found if name.endswith(LEFT))


def exposed(engine: Engine, secrets: Iterable[str], said: str = "") -> list[str]:
    """Return the places where a secret is to be seen: output, files, journal, processes, logs of containers.

    The embedded services' own files hold their passwords, readable by root alone, and aren't searched.
    """
    wanted = [secret for secret in secrets if secret]
    found = ["the run's output"] if any(secret in said for secret in wanted) else []
    # Encoded, since sudo writes every command into the journal, which is searched too.
    patterns = base64.b64encode("\n".join(wanted).encode()).decode()
    decode = f"echo {patterns} | base64 -d"
    # For the moment of a `docker exec`, as of a health check, the engine has a file with its environment.
    search = f"grep -rlF --exclude-dir=embedded --exclude=runc-process* -f - {' '.join(SEARCHED)} || true"
    found += engine.run("sh", "-c", f"{decode} | {search}").splitlines()
    for what, command in (("processes", "ps axww -o args"), ("journal", "journalctl --no-pager")):
        if any(secret in engine.run("sh", "-c", command) for secret in wanted):
            found.append(what)
    for name in engine.docker("ps", "-a", "--format", "{{.Names}}").split():
        log = engine.run("sh", "-c", f"{engine.client} logs {shlex.quote(name)} 2>&1")
        if any(secret in log for secret in wanted):
            found.append(f"log of {name}")
    return found
