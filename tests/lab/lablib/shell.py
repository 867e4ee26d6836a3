"""Running other programs: one place for errors, privileges and waiting."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
PROJECT = LAB.parent.parent
CACHE = PROJECT / ".cache" / "lab"

# On the lab's containers, networks and volumes. Not on its images: what is built on them inherits labels.
LABEL = "aisha.lab"


class LabError(Exception):
    """What went wrong, in words for the person who runs the lab."""


def say(message: str) -> None:
    """Tell about progress; standard output is for results."""
    print(f"lab: {message}", file=sys.stderr, flush=True)


def run(
    *command: str | Path,
    check: bool = True,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it wrote; `env` is added to the environment, `timeout` is in seconds.

    Raises LabError with the end of its output when it fails (unless not `check`) or takes too long.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env={**os.environ, **(env or {})},
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise LabError(f"{words[0]} isn't installed") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(words[:6])} …` took more than {timeout} s") from error
    if check and done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise LabError(f"`{' '.join(words[:6])} …` failed with exit code {done.returncode}:\n{tail}")
    return done


def as_root(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program as root, through sudo where this isn't root already; options as for `run`."""
    prefix: tuple[str, ...] = () if os.geteuid() == 0 else ("sudo", "-n")
    return run(*prefix, *command, **options)  # type: ignore[arg-type]


@functools.cache
def docker_prefix() -> tuple[str, ...]:
    """`docker`, or `sudo -n docker` for a user who isn't in the group docker."""
    if os.geteuid() == 0 or run("docker", "info", check=False).returncode == 0:
        return ("docker",)
    if run("sudo", "-n", "docker", "info", check=False).returncode == 0:
        return ("sudo", "-n", "--preserve-env", "docker")
    return ("docker",)


def docker(*arguments: str | Path, **options: object) -> str:
    """Standard output of a `docker` command, stripped; options as for `run`."""
    return run(*docker_prefix(), *arguments, **options).stdout.strip()  # type: ignore[arg-type]


def inspect(kind: str, name: str, template: str) -> str | None:
    """What `docker KIND inspect` says about an object, or None when there is no such object."""
    done = run(*docker_prefix(), kind, "inspect", "--format", template, name, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def wait_for(what: str, condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds; raises LabError when it doesn't within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:.0f} s for {what}, in vain")
        time.sleep(0.1)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lab's lock: two commands at once would build and start the same things."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another lab command is at work: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
