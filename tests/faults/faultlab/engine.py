"""The machine that has the Docker Engine: this one, or a target host over SSH. Commands run there as root."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass


class EngineError(Exception):
    """A command failed; with the end of what it said."""


@dataclass(frozen=True)
class Engine:
    """Runs commands on the machine of an engine.

    Args:
        prefix: words before each command: none, sudo, or ssh with its options and `sudo`.
        remote: whether a shell at the other end takes the command apart.
    """

    prefix: tuple[str, ...] = ()
    remote: bool = False

    @classmethod
    def local(cls) -> Engine:
        """This machine's."""
        return cls(() if os.geteuid() == 0 else ("sudo", "-n"))

    @classmethod
    def over_ssh(cls, address: str, user: str, key: str, options: str = "") -> Engine:
        """A host's; one connection is kept open, so that a command takes some 10 ms."""
        shared = ("-o", "ControlMaster=auto", "-o", "ControlPath=/tmp/faultlab-%C", "-o", "ControlPersist=60")
        ssh = ("ssh", "-i", key, *shlex.split(options), *shared, f"{user}@{address}", "sudo", "-n", "--")
        return cls(ssh, remote=True)

    def _words(self, command: tuple[str, ...]) -> list[str]:
        return [*self.prefix, shlex.join(command)] if self.remote else [*self.prefix, *command]

    def run(self, *command: str, check: bool = True, stdin: str | None = None, timeout: float = 120.0) -> str:
        """Run a command and return its standard output, stripped; `timeout` in seconds.

        Raises EngineError when it fails, unless not `check`, or takes too long.
        """
        source = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        try:
            done = subprocess.run(
                self._words(command),
                check=False,
                capture_output=True,
                text=True,
                timeout=timeout,
                **source,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(f"{shlex.join(command[:8])}: took more than {timeout} s") from None
        if check and done.returncode:
            said = (done.stdout + done.stderr).strip()[-2000:]
            raise EngineError(f"{shlex.join(command[:8])}: exit code {done.returncode}: {said}")
        return str(done.stdout).strip()

    def docker(self, *arguments: str, check: bool = True, timeout: float = 120.0) -> str:
        """Run a `docker` command and return its standard output, stripped."""
        return self.run(self.client, *arguments, check=check, timeout=timeout)

    @property
    def client(self) -> str:
        """Docker's command line: a target host needn't have it, and has the lab's."""
        return "lab-docker" if self.remote else "docker"

    def pid(self, container: str) -> str:
        """Return the number, on the engine's machine, of a container's first process."""
        return self.docker("inspect", "--format", "{{.State.Pid}}", container)

    def exists(self, kind: str, name: str) -> bool:
        """Whether the engine has such an object."""
        return bool(self.docker(kind, "inspect", "--format", "{{.Name}}", name, check=False))

    def address(self, container: str) -> str:
        """Return a container's address on its first network."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return self.docker("inspect", "--format", template, container).split()[0]

    def in_network_of(self, container: str, *command: str, check: bool = True) -> str:
        """Run a command of the engine's machine in the network of a container."""
        return self.run("nsenter", "-t", self.pid(container), "-n", *command, check=check)

    @contextlib.contextmanager
    def background(self, *command: str) -> Iterator[None]:
        """Run a command that writes a line when it is ready and ends when its standard input is closed."""
        process = subprocess.Popen(
            self._words(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline():
                raise EngineError(f"{shlex.join(command[:6])}: ended before it was ready")
            yield
        finally:
            process.stdin.close()
            process.wait(timeout=20)
