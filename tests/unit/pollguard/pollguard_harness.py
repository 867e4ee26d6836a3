"""What the tests of the poll guard run: Redis servers, guards with real commands, a bad network."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import redis
from pollguard.cli.client import NoAnswer, ask

T = TypeVar("T")

APP = Path(__file__).resolve().parents[3] / "roles/bot_cluster/files/pollguard/app"
BOT = Path(__file__).with_name("bot.py")
# One of its own, as guards are told apart by it within a network namespace: suites may run side by side.
BOT_ID = str(10**9 + os.getpid())
LEASE = f"pollguard:{{{BOT_ID}}}:lease"

# A third of the defaults, to be quick; what the defaults promise is tested with the defaults.
QUICK = {
    "POLLGUARD_MODE": "process",
    "POLLGUARD_TTL": "1.2",
    "POLLGUARD_RENEW": "0.2",
    "POLLGUARD_REDIS_TIMEOUT": "0.25",
    "POLLGUARD_TERM_GRACE": "0.3",
    "POLLGUARD_METRICS_PORT": "0",
    "POLLGUARD_LOG_LEVEL": "debug",
    "POLLGUARD_POLL_MAX_AGE": "0",
    "POLLGUARD_STOP_TIMEOUT": "5",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
}


def boot_time() -> float:
    """The clock of the guard and of the bot's events."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def free_port() -> int:
    """A loopback port that was free just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def make_token() -> str:
    """A well-formed bot token that belongs to nobody."""
    return f"{BOT_ID}:{secrets.token_urlsafe(26)}"


def wait_for(look: Callable[[], T], within: float = 10.0, what: str = "") -> T:
    """The first true result of `look`; fails after `within` seconds."""
    until = boot_time() + within
    while True:
        if found := look():
            return found
        if boot_time() >= until:
            raise AssertionError(f"not within {within:g} s: {what or look}")
        time.sleep(0.005)


class RedisServer:
    """A Redis of its own on a loopback port; nothing is kept over a restart."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._container = ""
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/2"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, db=2, decode_responses=True)

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", *self._arguments]
        if shutil.which("redis-server"):
            self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        else:
            command = ["docker", "run", "--rm", "-d", "--network=host", "redis:7.0", "redis-server", *options]
            self._container = subprocess.check_output(command, text=True).strip()
        wait_for(self._answers, what="Redis answers")

    def use(self, lease: str = LEASE) -> None:
        """As if guards had used it before: of a new Redis they are wary for a time to live."""
        self.client.hset(lease.replace(":lease", ":state"), mapping={"epoch": 0, "until": 0})

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        elif self._container:
            subprocess.run(["docker", "kill", self._container], check=False, stdout=subprocess.DEVNULL)
            self._container = ""

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False


class Folder:
    """Where bots write what happens to them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def events(self, event: str = "", name: str = "") -> list[dict[str, Any]]:
        try:
            lines = (self.path / "events").read_text().splitlines()
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines]
        return [e for e in found if event in ("", e["event"]) and name in ("", e["name"])]

    def wait_event(self, event: str, name: str = "", count: int = 1, within: float = 10.0) -> dict[str, Any]:
        what = f"{count} x {event} of {name or 'any'}"
        return wait_for(lambda: self.events(event, name)[count - 1 : count], within, what)[0]

    def is_anyone_alive(self) -> bool:
        """Whether a bot, or anything that it left, still holds the lock."""
        import fcntl

        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


class GuardProcess:
    """`pollguard run` with a bot, as a real process."""

    def __init__(self, name: str, redis_url: str, folder: Folder, token: str) -> None:
        self.name = name
        self.folder = folder
        self.log_path = folder.path / f"{name}.log"
        self.env = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")},
            **QUICK,
            "TELEGRAM_BOT_TOKEN": token,
            "POLLGUARD_REDIS_URL": redis_url,
            "INSTANCE_ID": name,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.prefix: list[str] = []
        """A program, with options, that runs the guard."""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def keeper_pid(self) -> int:
        return int(self.log.split("keeper pid ")[-1].split()[0])

    @property
    def role(self) -> str:
        status = self.status()
        assert status is not None
        role: str = status["role"]
        return role

    def start(
        self,
        *bot_options: str,
        command: list[str] | None = None,
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> GuardProcess:
        bot = [sys.executable, "-I", "-S", "-E", str(BOT), str(self.folder.path), *bot_options]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-I", str(APP), "run", "--", *(command or bot)],
                env={**self.env, **env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def wait_standby(self) -> None:
        wait_for(lambda: (self.status() or {}).get("redis_age_s") is not None, what=f"{self.name} waits")

    def wait_logged(self, text: str, within: float = 10.0) -> None:
        wait_for(lambda: text in self.log, within, f"{text!r} in the log of {self.name}")

    def signal(self, number: int) -> float:
        """Send a signal; returns when."""
        at = boot_time()
        os.kill(self.pid, number)
        return at

    def wait(self, within: float = 10.0) -> int:
        """Exit code."""
        assert self.process is not None
        return self.process.wait(within)

    def tool(self, *arguments: str, timeout: float = 20.0) -> subprocess.CompletedProcess[str]:
        """`pollguard health` and the like, in this instance's environment."""
        return subprocess.run(
            [sys.executable, "-I", str(APP), *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def status(self) -> dict[str, Any] | None:
        """As `pollguard status --json` has it, without a process for each question."""
        try:
            return ask(self.env, {"do": "status"})
        except NoAnswer:
            return None

    def fault(self) -> str | None:
        """As `pollguard health` has it."""
        try:
            fault: str | None = ask(self.env, {"do": "health"})["fault"]
        except NoAnswer as error:
            return str(error)
        return fault

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
                self.process.kill()
            self.process.wait()


MakeGuard = Callable[..., GuardProcess]


@contextlib.contextmanager
def listener() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word: a Bot API with no updates."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        sock.listen(16)
        yield sock.getsockname()[1]
