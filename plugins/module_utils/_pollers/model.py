# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the containers of a bot's pollers say about themselves, and what that amounts to.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._core.docker import ExecResult

# What the role bot_cluster labels its pollers with.
POLLER_COMPONENT = "bot-polling"

_GUARD = "/pollguard/app"
_ROLES = ("active", "standby")
# Of the guard's status: names, which a password may happen to be a part of. Everything else is masked.
_NAMES = ("instance", "mode", "role", "since", "lease", "holder", "standbys", "version")
# The guard's own line, and Telegram's words for both kinds of 409, which every framework passes on.
_CONFLICT = re.compile(
    r"pollguard: conflict:|terminated by other getUpdates request|can't use getUpdates method while webhook",
    re.IGNORECASE,
)
_LONGEST_LINE = 500


@dataclass(frozen=True)
class Problem:
    """Why a poller's status isn't known: what was expected and what was found, as ends of a sentence."""

    expected: str
    found: str

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.found}"


@dataclass(frozen=True)
class Look:
    """What was seen of one container, as far as it let itself be seen.

    Args:
        container: as the engine's inspection says.
        repo_digests: the image's names by digest; asked for only when the container's own name has none.
        log: its recent lines; None when they weren't read.
        said: the answer to guard_command(); None when there was none.
        problem: why there was none.
    """

    container: Mapping[str, Any]
    repo_digests: tuple[str, ...] = ()
    log: str | None = None
    said: ExecResult | None = None
    problem: Problem | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        return self.container.get("Config") or {}

    @property
    def state(self) -> str:
        """The engine's word: created, running, paused, restarting, removing, exited or dead."""
        return str((self.container.get("State") or {}).get("Status") or "unknown")

    @property
    def image(self) -> str:
        """The image's name as the container was made with it."""
        return str(self.config.get("Image") or "")


@dataclass(frozen=True)
class Lease:
    """The lease as one poller's guard sees it; None is unknown."""

    name: str | None = None
    holder: str | None = None
    epoch: int | None = None
    time_left_s: float | None = None


@dataclass(frozen=True)
class Health:
    """Docker's word, and the guard's reason when it isn't good."""

    docker: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Conflicts:
    """How often somebody else polled with the same token; None is unknown."""

    guard: int | None = None
    age_s: float | None = None
    log: int | None = None
    last: str | None = None


@dataclass(frozen=True)
class Poller:
    """One poller. Ages are seconds; None is unknown. Documented as RV(pollers) of bot_cluster_info."""

    name: str
    instance: str | None = None
    state: str = "unknown"
    exit_code: int | None = None
    restarts: int = 0
    image: str = ""
    image_digest: str | None = None
    mode: str | None = None
    role: str = "unknown"
    good: bool = False
    problem: str | None = None
    found: str | None = None
    health: Health = field(default_factory=Health)
    lease: Lease = field(default_factory=Lease)
    poll_age_s: float | None = None
    command_poll_age_s: float | None = None
    backlog: int | None = None
    conflicts: Conflicts = field(default_factory=Conflicts)
    guard: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return asdict(self)


@dataclass(frozen=True)
class Summary:
    """What a playbook asserts on. Documented as RV(summary) of bot_cluster_info."""

    pollers: int
    active: list[str]
    ready_standbys: list[str]
    unhealthy: list[str]
    healthy: bool

    def as_dict(self) -> dict[str, Any]:
        """What a module returns."""
        return asdict(self)


def guard_command(look: Look, *arguments: str) -> list[str] | None:
    """Return the command that asks the guard of this container, or None when it runs under none.

    It is how the container was started itself, so it is right for any version of the guard.
    """
    started = [*(look.config.get("Entrypoint") or ()), *(look.config.get("Cmd") or ())]
    for position, word in enumerate(started):
        if word.endswith(_GUARD):
            return [*started[: position + 1], *arguments]
    return None


def describe(look: Look) -> Poller:
    """Return what a look amounts to, without secrets."""
    mask = Redactor.of(look.config.get("Env"))
    state = look.container.get("State") or {}
    status, problem = _heard(look)
    guard = _masked_status(status, mask)
    conflicts, last = conflicts_in(look.log)
    role = guard.get("role")
    return Poller(
        name=name_of(look.container),
        instance=_text(guard, "instance") or _environment(look).get("INSTANCE_ID"),
        state=look.state,
        exit_code=None if look.state in ("running", "paused", "created") else _count(state, "ExitCode"),
        restarts=_count(look.container, "RestartCount") or 0,
        image=look.image,
        image_digest=image_digest(look),
        mode=_text(guard, "mode"),
        role=role if role in _ROLES else "unknown",
        good=guard.get("good") is True,
        problem=mask(str(problem)) if problem else _text(guard, "fault"),
        found=mask(problem.found) if problem else _text(guard, "fault"),
        health=Health((state.get("Health") or {}).get("Status"), _text(guard, "fault")),
        lease=Lease(
            _text(guard, "lease"),
            _text(guard, "holder") or None,
            _count(guard, "epoch"),
            _number(guard, "time_left_s"),
        ),
        poll_age_s=_number(guard, "poll_age_s"),
        command_poll_age_s=_number(guard, "command_poll_age_s"),
        backlog=_count(guard, "backlog"),
        conflicts=Conflicts(
            guard=_count(guard, "conflicts"),
            age_s=_number(guard, "conflict_age_s"),
            log=conflicts,
            # Masked before it is cut, since half a secret wouldn't be known as one.
            last=None if last is None else mask(last)[:_LONGEST_LINE],
        ),
        guard=guard or None,
    )


def summarise(pollers: Sequence[Poller]) -> Summary:
    """Return what pollers amount to together. Names are those of containers."""
    unhealthy = [poller.name for poller in pollers if not poller.good]
    return Summary(
        pollers=len(pollers),
        active=[poller.name for poller in pollers if poller.role == "active"],
        ready_standbys=[poller.name for poller in pollers if poller.role == "standby" and poller.good],
        unhealthy=unhealthy,
        healthy=not unhealthy,
    )


def in_order(pollers: Iterable[Poller]) -> list[Poller]:
    """Sort by name, with 10 after 9."""

    def key(poller: Poller) -> list[str | int]:
        return [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", poller.name)]

    return sorted(pollers, key=key)


def name_of(container: Mapping[str, Any]) -> str:
    """The container's name without the engine's slash."""
    return str(container.get("Name") or "").lstrip("/")


def image_digest(look: Look) -> str | None:
    """``sha256:…`` of the image in its registry, or None for one that never was in any."""
    repository, at, digest = look.image.partition("@")
    if at:
        return digest
    head, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        repository = head
    same = [name for name in look.repo_digests if name.partition("@")[0] == repository]
    return next((name.partition("@")[2] for name in (*same, *look.repo_digests)), None)


def conflicts_in(log: str | None) -> tuple[int | None, str | None]:
    """Count the lines that tell of another poller, and return the last of them."""
    if log is None:
        return None, None
    lines = [line for line in log.splitlines() if _CONFLICT.search(line)]
    return len(lines), lines[-1].strip() if lines else None


def _heard(look: Look) -> tuple[dict[str, Any], Problem | None]:
    """The guard's status, or an empty one and why it isn't known."""
    if look.state != "running":
        code = _count(look.container.get("State") or {}, "ExitCode")
        ended = f" with exit code {code}" if look.state in ("exited", "dead", "restarting") else ""
        return {}, Problem("a running container", f"it {look.state}{ended}")
    if look.problem is not None:
        return {}, look.problem
    if look.said is None:
        return {}, Problem(f"it to run under the poll guard ({_GUARD})", "that it doesn't")
    if look.said.exit_code != 0:
        words = (look.said.stdout.strip() or look.said.stderr.strip() or "nothing").splitlines()[0]
        return {}, Problem("the guard's status", f"exit code {look.said.exit_code}: {words}")
    try:
        status = json.loads(look.said.stdout)
    except ValueError:
        status = None
    if not isinstance(status, dict):
        return {}, Problem("the guard's status as JSON", "something else")
    return status, None


def _masked_status(status: Mapping[str, Any], mask: Redactor) -> dict[str, Any]:
    return {key: mask.tokens_in(value) if key in _NAMES else mask(value) for key, value in status.items()}


def _environment(look: Look) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in look.config.get("Env") or ())


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value if isinstance(value, str) else None


def _number(values: Mapping[str, Any], key: str) -> float | None:
    value = values.get(key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _count(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
