"""The keeper: a small process that starts COMMAND and is certain to end it.

The guard talks to Redis, so it can hang, be frozen or be killed. What makes the lease safe must
not depend on it. Before it loads anything else (so this module loads next to nothing), the guard forks this
process, which does nothing but
- fork and exec COMMAND, in a session of its own;
- kill COMMAND with all its descendants once the deadline has passed that the guard moved forward last
  (a frozen guard), and at once when the guard is gone (its socket is closed by the kernel);
- adopt and reap orphans of COMMAND, so that none can escape by forking twice.
If the keeper itself is killed, the kernel kills COMMAND (PR_SET_PDEATHSIG), and the guard, to which
COMMAND's other descendants fall, kills those.

Protocol: one marshalled dict per packet. From the guard: `start` (argv, additions to the environment,
deadline), `extend` (deadline), `signal` (number), `kill`. To the guard: `started` (pid), `exited` (code,
error, leftovers), `gone` (expired).
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import select
import signal
import socket
from collections.abc import Callable, Mapping, Sequence

from .. import exit_codes
from ..clock import now
from .processes import (
    adopt_orphans,
    command_environment,
    descendants,
    die_with_parent,
    exit_code_of,
    set_name,
    signal_all,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# After a suspend the timer may be late by this much at most: it doesn't count suspended time.
_LONGEST_WAIT = 0.2
_KILL_AGAIN = 0.01
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_RESTORED = (*_IGNORED, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)


def fork_keeper(clock: Callable[[], float] = now) -> tuple[int, socket.socket]:
    """Fork the keeper; returns its pid and the guard's end of the socket.

    To be called while the process has one thread only.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        theirs.close()
        ours.setblocking(False)
        return pid, ours
    try:
        ours.close()
        Keeper(theirs, clock).run()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(exit_codes.INTERNAL)


class Keeper:
    """See the module; runs until its guard is gone."""

    def __init__(self, sock: socket.socket, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._clock = clock
        self._pid = 0  # COMMAND's first process, until reaped
        self._alive = False  # COMMAND or anything that it left
        self._deadline = 0.0
        self._expired = False
        self._killing = False
        self._exec_error = -1  # where a failed exec leaves its errno
        self._guard_gone = False

    def run(self) -> None:
        """Serve until the guard is gone and nothing of COMMAND is left."""
        os.setsid()  # a terminal's signals are for the guard to interpret
        set_name("pollguard-keep")
        adopt_orphans()
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while not self._guard_gone or self._alive:
            for descriptor, _event in poll.poll(self._wait() * 1000):
                if descriptor == wake_read:
                    os.read(wake_read, 4096)
                elif not self._receive():
                    poll.unregister(self._sock)
                    self._guard_gone = True
                    self._killing = True
            self._reap()
            self._enforce()
        os._exit(0)

    def _wait(self) -> float:
        if self._killing and self._alive:
            return _KILL_AGAIN
        if not self._alive:
            return 3600.0
        return max(0.0, min(self._deadline - self._clock(), _LONGEST_WAIT))

    def _receive(self) -> bool:
        try:
            packet = self._sock.recv(65536)
        except ConnectionError:
            return False
        if not packet:
            return False
        message: dict[str, Any] = marshal.loads(packet)  # noqa: S302 (its other end is this very program)
        match message["do"]:
            case "start" if not self._alive:
                self._deadline = message["deadline"]
                self._start(message["argv"], message["additions"])
            case "extend":
                self._deadline = message["deadline"]
            case "signal" if self._pid:
                signal_all([self._pid], message["number"])
            case "signal":
                signal_all(descendants(os.getpid()), message["number"])
            case "kill":
                self._killing = True
        return True

    def _report(self, event: str, **details: object) -> None:
        # A guard that is gone or doesn't read must not hold up the killing.
        with contextlib.suppress(OSError):
            self._sock.send(marshal.dumps({"event": event, **details}), socket.MSG_DONTWAIT)

    def _start(self, argv: Sequence[str], additions: Mapping[bytes, bytes]) -> None:
        self._expired = self._killing = False
        if self._clock() >= self._deadline:
            self._report("gone", expired=True)
            return
        error_read, error_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        keeper = os.getpid()
        # A signal meant for COMMAND must not fall on the handlers that its first moments inherit.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pid = os.fork()
        if not pid:
            self._become_command(keeper, error_write, argv, command_environment(additions))
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(error_write)
        self._exec_error = error_read
        self._pid, self._alive = pid, True
        self._report("started", pid=pid)

    def _become_command(
        self, keeper: int, error_write: int, argv: Sequence[str], env: Mapping[bytes, bytes]
    ) -> None:
        number = errno.EIO
        try:
            os.setsid()
            die_with_parent()
            if os.getppid() != keeper:
                os._exit(128 + signal.SIGKILL)
            signal.set_wakeup_fd(-1)
            for restored in _RESTORED:
                signal.signal(restored, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execvpe(argv[0], list(argv), env)  # noqa: S606 (running COMMAND is its purpose)
        except OSError as error:
            number = error.errno or errno.EIO
        finally:
            os.write(error_write, str(number).encode())
            os._exit(exit_codes.NOT_FOUND if number == errno.ENOENT else exit_codes.NOT_EXECUTABLE)

    def _reap(self) -> None:
        while self._alive:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                if not self._pid:
                    self._alive = False
                    self._report("gone", expired=self._expired)
                return
            if not pid:
                return
            if pid == self._pid:
                self._pid = 0
                self._first_process_ended(exit_code_of(status))

    def _first_process_ended(self, code: int) -> None:
        with contextlib.suppress(BlockingIOError):
            if text := os.read(self._exec_error, 16):
                code = exit_codes.NOT_FOUND if int(text) == errno.ENOENT else exit_codes.NOT_EXECUTABLE
        os.close(self._exec_error)
        # A wrapper (sh -c …) that passed no signal on: what it started is asked itself.
        leftovers = descendants(os.getpid())
        signal_all(leftovers, signal.SIGTERM)
        self._report("exited", code=code, leftovers=len(leftovers))

    def _enforce(self) -> None:
        if not self._alive:
            return
        if not self._killing and self._clock() >= self._deadline:
            self._expired = self._killing = True
        if self._killing:
            if self._pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._pid, signal.SIGKILL)
            signal_all(descendants(os.getpid()), signal.SIGKILL)
