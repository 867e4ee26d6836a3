"""Pairs on this machine's engine, as the roles would deploy them."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faultlab.engine import Engine
from faultlab.pair import GUARD, Pair, Poller, Store
from faultlab.standin import Standin

ROOT = Path(__file__).resolve().parents[3]
GUARD_FOLDER = ROOT / "roles/bot_cluster/files/pollguard"
NETWORK = "aisha-lab"
PREFIX = "aisha-lab-faults"
LABEL = ("--label", "aisha.lab=faults")
BOTS_IMAGE, GUARD_IMAGE, REDIS_IMAGE = "aisha-lab/bots", "aisha-lab/poll-guard", "aisha-lab/faults-redis"
# Those that handle one update after the other, or two, get less to do than they can.
HANDLER_SECONDS = {"aiogram": 0.2, "ptb": 0.2, "telebot": 0.02, "telegraf": 0.02, "grammy": 0.02}
FRAMEWORKS = tuple(HANDLER_SECONDS)
STOP_TIMEOUT = 30


def bot_token() -> str:
    """Make a token of Telegram's form."""
    return f"{secrets.randbelow(8 * 10**8) + 10**8}:{secrets.token_urlsafe(26)[:35]}"


def _lab(*arguments: str) -> dict[str, object]:
    command = [str(ROOT / "tests/lab/lab"), *arguments]
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, env=None)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}")
    result: dict[str, object] = json.loads(done.stdout)
    return result


@dataclass
class Place:
    """A stand-in, the images and the guard's volume; pairs are made in it and removed with it."""

    engine: Engine
    standin: Standin
    name: str
    made: list[str] = field(default_factory=list)

    def run(self, name: str, *arguments: str, secret: Mapping[str, str] | None = None) -> str:
        """Start a container and return its name."""
        full = f"{self.name}-{name}"
        self.made.append(full)
        options = ("--name", full, *LABEL, "--network", NETWORK, *_environment(secret or {}))
        self.engine.docker("run", "-d", *options, *arguments)
        return full

    def store(self, name: str) -> Store:
        """Start a Redis that keeps its data."""
        container = self.run(
            f"{name}-redis", "--restart", "unless-stopped", REDIS_IMAGE, "redis-server", "--appendonly", "yes"
        )
        return Store(container)

    def token(self, username: str) -> str:
        """Make a bot at the stand-in."""
        token = bot_token()
        self.standin.add_bot(token, username)
        return token

    def pair(self, framework: str, settings: Mapping[str, str] | None = None, mode: str = "gate") -> Pair:
        """Start two pollers of a framework's bot and a Redis of their own; they may not be ready yet."""
        username = f"{framework}_bot"
        token, store = self.token(username), self.store(framework)
        pollers = []
        for number in (1, 2):
            instance = f"bot-polling-{number}"
            environment = {
                "TELEGRAM_BOT_TOKEN": token,
                "TELEGRAM_API_URL": self.standin.api_url,
                "INSTANCE_ID": instance,
                "HANDLER_SECONDS": str(HANDLER_SECONDS[framework]),
                "POLLGUARD_REDIS_URL": f"redis://{store.container}:{store.port}/2",
                "POLLGUARD_STOP_TIMEOUT": str(STOP_TIMEOUT),
                **(settings or {}),
            }
            container = self.run(
                f"{framework}-{number}",
                *("--restart", "unless-stopped", "--stop-timeout", str(STOP_TIMEOUT + 5)),
                *("--memory", "768m", "--cpus", "1.0"),
                *("--volume", f"{self.name}-guard:/pollguard:ro"),
                *("--health-cmd", " ".join((*GUARD, "health"))),
                *("--health-interval", "5s", "--health-timeout", "3s", "--health-retries", "3"),
                *("--entrypoint", GUARD[0], BOTS_IMAGE, *GUARD[1:]),
                *("run", "--mode", mode, "--", "/bots/bot", framework),
                secret=environment,
            )
            pollers.append(Poller(container, instance))
        return Pair(framework, username, tuple(pollers), self.engine, self.standin, store)

    def single(self, framework: str, name: str) -> str:
        """Start a bot without a guard, as one deploys it without this collection; returns its container."""
        token = self.token(f"{name}_bot")
        environment = {
            "TELEGRAM_BOT_TOKEN": token,
            "TELEGRAM_API_URL": self.standin.api_url,
            "INSTANCE_ID": name,
            "HANDLER_SECONDS": str(HANDLER_SECONDS[framework]),
        }
        return self.run(name, "--restart", "unless-stopped", BOTS_IMAGE, framework, secret=environment)

    def remove(self) -> None:
        """Remove all that was made here."""
        if self.made:
            self.engine.docker("rm", "-f", "-v", *self.made, check=False)
        self.engine.docker("rm", "-f", "-v", f"{self.name}-guard", check=False)
        self.engine.docker("volume", "rm", "-f", f"{self.name}-guard", check=False)


def _environment(values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--env", f"{name}={value}")]


def _images(engine: Engine, wanted: Sequence[tuple[str, Path]]) -> None:
    for image, folder in wanted:
        print(f"building {image}", file=sys.stderr)
        engine.run("env", "DOCKER_BUILDKIT=0", "docker", "build", "-q", "-t", image, str(folder), timeout=900)


@contextmanager
def place() -> Iterator[Place]:
    """Make a place on this machine, with the guard as it is in the roles now; removed in the end."""
    _lab("engine")
    _lab("hub", "up")
    faults = ROOT / "tests/faults"
    urls = _lab("standin", "up", "--private", "--name", f"{PREFIX}-standin")
    engine = Engine.local()
    _images(
        engine, ((BOTS_IMAGE, faults / "bots"), (REDIS_IMAGE, faults / "redis"), (GUARD_IMAGE, GUARD_FOLDER))
    )
    here = Place(engine, Standin(str(urls["control_url"]), str(urls["api_url"])), PREFIX)
    here.remove()
    leftover = engine.docker("ps", "-aq", "--filter", "label=aisha.lab=faults").split()
    if leftover:
        engine.docker("rm", "-f", "-v", *leftover)
    # As the role does: a container that is never started fills the volume from its image.
    mount = f"{PREFIX}-guard:/pollguard"
    engine.docker("create", "--name", f"{PREFIX}-guard", *LABEL, "--volume", mount, GUARD_IMAGE)
    try:
        yield here
    finally:
        here.remove()
        _lab("standin", "down", "--name", f"{PREFIX}-standin")
