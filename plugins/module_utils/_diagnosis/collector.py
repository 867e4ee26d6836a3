# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collects what tells of a host and of the cluster's part on it: files by name, without secrets.

Private to this collection. Nothing on the host is changed.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .._core.parallel import run_parallel
from .._core.redaction import Redactor
from .._host import commands as words
from .._host.resources import disk, memory
from .._host.tcp_probe import Target, container_addresses, reach_all, targets_of
from .._instances.labels import COMPONENT_LABEL, INSTANCE_COMPONENTS, belongs
from .._instances.log_lines import ERROR_PATTERNS, InstanceLog, Judge, lines_of
from .._instances.slots import slot_of
from .._instances.state import seconds_since
from .._pollers.query import pollers_of
from .._release.lock import Holder, iso
from .._release.records import load
from .._release.store import AUDIT, LOCK, RELEASES, Files, parsed
from . import summary as find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._core.docker import Engine

JOURNAL_LINES = 2000
_HOUR = 3600
_PROGRAMS = {
    "host/journal_docker.txt": [
        *("journalctl", "--no-pager", "--utc", "--output=short-iso", f"--lines={JOURNAL_LINES}"),
        *("--unit=docker.service", "--unit=containerd.service"),
    ],
    "host/service_docker.txt": ["systemctl", "--no-pager", "--lines=0", "status", "docker.service"],
    "host/sockets.txt": ["ss", "--listening", "--numeric", "--tcp", "--udp", "--processes"],
    "host/addresses.txt": ["ip", "address"],
    "host/routes.txt": ["ip", "route"],
}


@dataclass
class Part:
    """What came of one question."""

    files: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    pollers: int = 0
    images: dict[str, str] = field(default_factory=dict)


@dataclass
class HostDiagnosis:
    """One host.

    Args:
        connect: makes a connection to its engine, for one thread; EngineError where it can't.
        cluster: the cluster's name.
        home: its folder.
        log_lines: how many of each log's last lines are read.
        log_bytes: how many of each log's last characters are kept, in about.
        targets: what has to be reached, name to URL.
        patience: seconds for each thing, and for all of them together a little more.
    """

    connect: Callable[[], Engine]
    cluster: str
    home: str
    log_lines: int
    log_bytes: int
    targets: dict[str, str]
    patience: float
    mask: Redactor = field(default_factory=Redactor, init=False)
    problems: list[str] = field(default_factory=list, init=False)
    containers: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)

    def collect(self) -> Part:
        """Return all that could be had; what couldn't is in `problems`."""
        for name, error in run_parallel({"engine and containers": self._look}, self.patience).items():
            if isinstance(error, Exception):
                self._note(name, error)
        questions: dict[str, Callable[[], Part]] = {
            "host/system.txt": partial(self._file, "host/system.txt", words.system),
            "host/resources.txt": self._room,
            "host/cluster_home.txt": partial(
                self._file, "host/cluster_home.txt", partial(words.listing, self.home)
            ),
            "host/reachability.json": self._reached,
            "releases": self._releases,
            **{
                name: partial(self._file, name, partial(words.run_command, argv, self.patience))
                for name, argv in _PROGRAMS.items()
            },
        }
        # Of an engine that doesn't serve it is said once.
        if not self.problems:
            for what in ("info", "version", "df", "networks", "images"):
                questions[f"engine/{what}.json"] = partial(self._engine, what)
            questions["pollers.json"] = self._pollers
            for name, container in self.containers.items():
                questions[f"logs/{name}.log"] = partial(self._log, name, container)
                if _component(container) == "nginx":
                    questions[f"nginx/{name}.conf"] = partial(self._nginx, name, container)
        whole = Part()
        for name, container in self.containers.items():
            self._add(whole, self._container(name, container))
        for name, part in run_parallel(questions, self.patience + 5).items():
            if isinstance(part, Exception):
                self._note(name, part)
            else:
                self._add(whole, part)
        return whole

    def _note(self, name: str, error: Exception) -> None:
        said = error.found if isinstance(error, EngineError) else str(error) or type(error).__name__
        self.problems.append(f"{name}: {' '.join(str(self.mask(said)).split())}")

    @staticmethod
    def _add(whole: Part, part: Part) -> None:
        whole.files |= part.files
        whole.findings += part.findings
        whole.active += part.active
        whole.pollers += part.pollers
        whole.images |= part.images

    def _look(self) -> None:
        """Look at all containers first: their secrets are what is masked in everything."""
        engine = self.connect()
        names = [
            str(entry["Names"][0]).removeprefix("/")
            for entry in engine.containers({})
            if belongs(entry, self.cluster)
        ]
        found = {name: engine.inspect(name) for name in sorted(names)}
        self.containers = {name: one for name, one in found.items() if one is not None}
        self.mask = Redactor.of(
            line for one in self.containers.values() for line in one["Config"].get("Env") or ()
        )

    def _file(self, name: str, source: Callable[[], str]) -> Part:
        return Part({name: str(self.mask(source()))})

    def _json(self, name: str, value: Any) -> dict[str, str]:
        # Masked before it is written: what a secret is escaped into may not be known.
        return {name: json.dumps(self.mask(value), indent=1, ensure_ascii=False, default=str) + "\n"}

    def _container(self, name: str, container: dict[str, Any]) -> Part:
        environment = self.mask.environment(container["Config"].get("Env"))
        shown = {**container, "Config": {**container["Config"], "Env": environment}}
        return Part(
            files=self._json(f"containers/{name}.json", shown),
            findings=list(map(str, self.mask(find.of_container(container)))),
            images={name: str(container["Config"].get("Image"))} if _is_instance(container) else {},
        )

    def _log(self, name: str, container: dict[str, Any]) -> Part:
        said = self.connect().log(name, since=1, lines=self.log_lines, timestamps=True)
        lines = [replace(line, text=str(self.mask(line.text))) for line in lines_of(said)]
        text = "".join(f"{line}\n" for line in lines)
        if len(text) > self.log_bytes:
            text = "…\n" + text[-self.log_bytes :].partition("\n")[2]
        part = Part({f"logs/{name}.log": text})
        if _is_instance(container):
            # The engine's times and these begin alike.
            recent = [line for line in lines if line.at[:19] >= iso(time.time() - _HOUR)[:19]]
            log = InstanceLog(name, None).told(recent, Judge.of(ERROR_PATTERNS), seconds_since, content=False)
            part.findings = find.of_log(log)
        return part

    def _engine(self, what: str) -> Part:
        engine = self.connect()
        answer = engine.images() if what == "images" else engine.about(what)
        return Part(self._json(f"engine/{what}.json", answer))

    def _nginx(self, name: str, container: dict[str, Any]) -> Part:
        if container["State"].get("Status") != "running":
            raise OSError("the container doesn't run")
        command = [*(container["Config"].get("Cmd") or ())]
        file = command[command.index("-c") : command.index("-c") + 2] if "-c" in command else []
        said = self.connect().run(name, ["nginx", *file, "-T"])
        # It names key files, and never shows them.
        return Part({f"nginx/{name}.conf": str(self.mask(f"{said.stderr}{said.stdout}"))})

    def _pollers(self) -> Part:
        found = pollers_of(self.connect, self.cluster, log_period=_HOUR, answer_timeout=self.patience)
        if not found:
            return Part()
        return Part(
            files=self._json("pollers.json", [one.as_dict() for one in found]),
            findings=list(map(str, self.mask(find.of_pollers(found)))),
            active=[one.name for one in found if one.role == "active"],
            pollers=len(found),
        )

    def _room(self) -> Part:
        paths = ["/", self.home, "/var/lib/docker"]
        part = self._file("host/resources.txt", partial(words.resources, paths))
        part.findings = find.of_room(memory(), [disk(path) for path in paths])
        return part

    def _reached(self) -> Part:
        targets: list[Target] = []
        for name, url in self.targets.items():
            try:
                targets += targets_of(name, url)
            except ValueError as error:
                self._note("host/reachability.json", error)
        reached = reach_all(targets, container_addresses([*self.containers.values()]), self.patience / 3)
        return Part(
            self._json("host/reachability.json", [one.as_dict() for one in reached]), find.of_reach(reached)
        )

    def _releases(self) -> Part:
        """What the keeper of the releases has; on other hosts there is none."""
        files = Files(self.home)
        with files.alone(make=False):
            texts = {f"{RELEASES}/{name}": files.read(name) for name in (LOCK,)}
            releases = [one.as_dict() for one in load(files).all]
            logged = files.logged()
        part = Part({name: str(self.mask(text)) for name, text in texts.items() if text})
        if releases:
            part.files |= self._json(f"{RELEASES}/releases.json", releases)
        if logged:
            lines = "".join(json.dumps(self.mask(entry), ensure_ascii=False) + "\n" for entry in logged)
            part.files[f"{RELEASES}/{AUDIT}"] = lines
        holder = Holder.read(parsed(texts[f"{RELEASES}/{LOCK}"]))
        if holder is not None:
            part.findings.append(f"The cluster's lock: {holder}.")
        return part


def _component(container: Mapping[str, Any]) -> str | None:
    component = (container["Config"].get("Labels") or {}).get(COMPONENT_LABEL)
    return None if component is None else str(component)


def _is_instance(container: Mapping[str, Any]) -> bool:
    name = str(container["Name"])
    return _component(container) in INSTANCE_COMPONENTS and slot_of(name) == name
