"""What both modes can decide: the actions, and why COMMAND is ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from . import exit_codes


class Reason(StrEnum):
    """Why COMMAND is ended, or has ended."""

    STOP = "stop"
    HANDOVER = "handover"
    LEASE = "lease"
    DEAF = "deaf"
    UNHEALTHY = "unhealthy"
    EXITED = "exited"
    KEEPER = "keeper"


class Action(Enum):
    """What the guard does next."""

    WAIT = "wait"
    START = "start"
    END = "end"
    """Signal COMMAND, and kill it at `limit`."""
    KILL = "kill"
    RELEASE = "release"
    HAND_OVER = "hand over"
    """Release, so that the next goes on where COMMAND is now."""
    PAUSE = "pause"
    """Hand out no more updates, and wait."""
    DROP = "drop"
    """The tenure is over by the clock: forget it."""
    RETIRE = "retire"
    """COMMAND has ended, this guard goes on as a standby."""
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Ending:
    """COMMAND has been asked to end."""

    reason: Reason
    limit: float
    """When it is killed, on the guard's clock."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The next action, and by when to decide anew if nothing happens."""

    action: Action
    ending: Ending | None = None
    code: int = 0
    again_at: float | None = None


def exit_code(reason: Reason, code: int) -> int:
    """The guard's exit code after COMMAND ended with `code`: that, unless there is a fault to tell."""
    return {
        Reason.DEAF: exit_codes.DEAF,
        Reason.UNHEALTHY: exit_codes.UNHEALTHY,
        Reason.KEEPER: exit_codes.INTERNAL,
    }.get(reason, code)
