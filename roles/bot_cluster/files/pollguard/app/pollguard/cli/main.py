"""`pollguard`: the command line. Each command imports what it needs only."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

_USAGE = """\
usage: pollguard run [--mode gate|process] -- COMMAND [ARGUMENT …]
                                              run COMMAND; of all that do, one alone polls
       pollguard health                       exit 0 when this instance is good, else say why not
       pollguard status [--json]              what this instance's guard knows
       pollguard handover [--force] [--json]  pass the lease to a standby (--force: even if none is known)
       pollguard --version
Settings come from the environment, see README.md.
"""


def main(arguments: list[str]) -> int:
    """Exit code of the command line `arguments` (without the program's name)."""
    keeper = _fork_keeper() if arguments[:1] == ["run"] else None
    from .. import __version__, exit_codes
    from ..errors import SettingsError, UsageError
    from .client import NoAnswer, handover, health, status

    try:
        match arguments:
            case ["run", *rest] if keeper is not None:
                from .run import run

                return run(rest, keeper)
            case ["health"]:
                return health()
            case ["status"] | ["status", "--json"]:
                return status(as_json=len(arguments) == 2)
            case ["handover", *options] if set(options) <= {"--force", "--json"}:
                return handover(force="--force" in options, as_json="--json" in options)
            case ["--version"]:
                sys.stdout.write(f"pollguard {__version__}\n")
                return exit_codes.OK
            case ["--help" | "-h"]:
                sys.stdout.write(_USAGE)
                return exit_codes.OK
            case _:
                raise UsageError(f"not understood: {' '.join(arguments[:1]) or 'no arguments'}")
    except UsageError as error:
        sys.stderr.write(f"pollguard: {error}\n{_USAGE}")
        return error.exit_code
    except SettingsError as error:
        sys.stderr.write(f"pollguard: {error}\n")
        return error.exit_code
    except NoAnswer as error:
        sys.stdout.write(f"{error}\n")
        return exit_codes.NOT_GOOD


def _fork_keeper() -> tuple[int, socket.socket]:
    # PID 1 ignores signals that it has no handler for. Until the guard's own are in place there is
    # nothing to clean up.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _: os._exit(128 + received))
    # As early as can be: the keeper stays as small as the process is now, and has its one thread.
    from ..supervisor.keeper import fork_keeper
    from ..supervisor.processes import hide_environment, original_environment

    # Both have the real token in it, and a bot of the same user must not read it there.
    original_environment()
    hide_environment()
    return fork_keeper()
