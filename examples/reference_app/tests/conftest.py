"""What the tests run against: real PostgreSQL, Redis and object storage, and the stand-in Bot API.

The application runs as it does in its containers, as processes of its own, from an environment that holds
its pinned packages (``REFERENCE_APP_PYTHON``, or one that is made once below ``.cache``).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

HERE = Path(__file__).parent
APP = HERE.parent
ROOT = APP.parents[1]
for path in (HERE, APP, ROOT / "tests/unit/support"):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from backing import Gate, postgres, redis  # noqa: E402
from processes import Process, Standin, Zygote, wait_for_port  # noqa: E402

BOT = "reference_bot"


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter that has the application's packages."""
    given = os.environ.get("REFERENCE_APP_PYTHON")
    if given:
        return Path(given)
    wanted = (APP / "requirements.txt").read_bytes() + (HERE / "requirements.txt").read_bytes()
    home = ROOT / ".cache" / f"reference-app-{hashlib.sha256(wanted).hexdigest()[:12]}"
    found = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        pip: list[str | Path] = [
            found,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        (home / "complete").touch()
    return found


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reference-app")


@pytest.fixture(scope="session")
def postgres_port(folder: Path) -> Iterator[int]:
    with postgres(folder, "postgres secret") as port:
        yield port


@pytest.fixture(scope="session")
def redis_port(folder: Path) -> Iterator[int]:
    with redis(folder, "redis-secret") as port:
        yield port


@contextmanager
def program(log: Path, *command: object, **environment: str) -> Iterator[None]:
    """A program that runs for as long as the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def standin(python: Path, folder: Path) -> Iterator[Standin]:
    log = folder / "standin.log"
    ports = ("--port", "0", "--control-port", "0")
    with program(log, python, "-m", "standin", *ports, PYTHONPATH=str(ROOT / "tests/lab")):
        wait_until(lambda: "control API at" in log.read_text())
        line = log.read_text().splitlines()[0]
        api, _, control = line.removeprefix("Bot API at ").partition(", control API at ")
        yield Standin(api.strip(), control.strip())


@pytest.fixture(scope="session")
def objects(folder: Path) -> Path:
    """Where object storage keeps its files."""
    (folder / "objects").mkdir()
    return folder / "objects"


@pytest.fixture(scope="session")
def s3_url(python: Path, folder: Path, objects: Path) -> Iterator[str]:
    secret = {"NANIO_ACCESS_KEY": "access", "NANIO_SECRET_KEY": "s3-secret-key"}
    with Gate.free_port() as port:
        pass
    serve = [python.parent / "nanio", "serve", "--host", "127.0.0.1", "--port", port, "--data-dir", objects]
    with program(folder / "nanio.log", *serve, **secret):
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def environment(postgres_port: int, redis_port: int, standin: Standin, s3_url: str) -> dict[str, str]:
    """What the application's containers are given."""
    return {
        "DATABASE_URL": f"postgresql://app:postgres%20secret@127.0.0.1:{postgres_port}/app",
        "REDIS_URL": f"redis://:redis-secret@127.0.0.1:{redis_port}/0",
        "TELEGRAM_BOT_TOKEN": f"{secrets.randbelow(10**9) + 1}:{secrets.token_urlsafe(27)[:35]}",
        "TELEGRAM_API_URL": standin.api_url,
        "FAL_JWKS_URL": f"{standin.control_url}/.well-known/jwks.json",
        "S3_ENDPOINT_URL": s3_url,
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": "s3-secret-key",
        "S3_BUCKET": "pictures",
        "S3_REGION": "us-east-1",
        "WORKER_CONCURRENCY": "5",
        "PYTHONPATH": str(APP),
    }


@pytest.fixture(scope="session")
def cluster(
    python: Path, environment: dict[str, str], folder: Path, standin: Standin
) -> Iterator[Callable[[], App]]:
    """Makes an App for a test; the database is migrated and the bot is known."""
    standin.add_bot(environment["TELEGRAM_BOT_TOKEN"], BOT)
    zygote = Zygote(python, APP)
    apps: list[App] = []

    def make() -> App:
        apps.append(App(zygote, environment, folder, standin, python))
        return apps[-1]

    assert make().start("migrate", None).wait() == 0
    yield make
    for app in apps:
        app.stop()
    zygote.stop()


class App:
    """Starts the application's processes for one test, which talks to the bot in chats of its own."""

    def __init__(
        self, zygote: Zygote, environment: dict[str, str], folder: Path, standin: Standin, python: Path
    ) -> None:
        self.environment = environment
        self.standin = standin
        self.python = python
        self.chat = secrets.randbelow(10**9) + 1
        self.processes: list[Process] = []
        self._folder = folder
        self._zygote = zygote

    def start(self, command: str, ready: str | None, **environment: str) -> Process:
        name = f"{command}-{secrets.token_hex(3)}"
        port = 0
        arguments: list[object] = ["app", command]
        if command == "webhook":
            with Gate.free_port() as port:
                pass
            arguments = ["uvicorn", "app.main:app", "--no-access-log", "--port", port]
        given = self.environment | {"INSTANCE_ID": name} | environment
        log = self._folder / f"{name}.log"
        process = Process(name, self._zygote.start(arguments, given, log), log)
        self.processes.append(process)
        if port:
            process.url = f"http://127.0.0.1:{port}"
            wait_for_port(port, process)
        elif ready is not None:
            process.wait_for(ready)
        return process

    def poller(self, ready: str | None = '"message": "polling"', **environment: str) -> Process:
        return self.start("polling", ready, **environment)

    def worker(self, **environment: str) -> Process:
        return self.start("worker", "worker started", **environment)

    def webhook(self, **environment: str) -> Process:
        return self.start("webhook", None, **environment)

    def say(self, text: str, chat: int | None = None) -> int:
        """Write to the bot and return the update's id."""
        said = self.standin.post("say", {"username": BOT, "chat_id": chat or self.chat, "text": text})
        return int(said["update_id"])

    def press(self, button: str) -> None:
        """Press one of the bot's buttons."""
        self.standin.post("say", {"username": BOT, "chat_id": self.chat, "callback_data": button})

    def fail(self, method: str, **how: object) -> None:
        """Let the Bot API fail."""
        self.standin.post("fail", {"username": BOT, "method": method, **how})

    def answers(self, count: int, chat: int | None = None, timeout: float = 15) -> list[str]:
        """Wait for as many texts from the bot and return all that have come."""
        return self.standin.texts(BOT, chat or self.chat, count, timeout)

    def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the database."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.environment["DATABASE_URL"])
            try:
                found: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            finally:
                await connection.close()
            return found

        return asyncio.run(ask())

    def is_handling(self, *update_ids: int) -> bool:
        """Whether pollers hold all these updates."""
        query = "SELECT 1 FROM processed_updates WHERE update_id = ANY($1) AND done_at IS NULL"
        free = len(self.rows(f"{query} FOR UPDATE SKIP LOCKED", update_ids))
        return len(self.rows(query, update_ids)) - free == len(update_ids)

    def stop(self) -> None:
        for process in self.processes:
            process.stop()


@pytest.fixture
def app(cluster: Callable[[], App], environment: dict[str, str], standin: Standin) -> Iterator[App]:
    running = cluster()
    yield running
    standin.heal()
    running.stop()
    # What a poller was ended over is not the next test's business.
    standin.drop_updates(environment["TELEGRAM_BOT_TOKEN"])
    running.rows("UPDATE processed_updates SET done_at = now() WHERE done_at IS NULL")
    token = environment["TELEGRAM_BOT_TOKEN"].partition(":")[2]
    for process in running.processes:
        text = process.output()
        for secret in ("postgres secret", "postgres%20secret", "redis-secret", "s3-secret-key", token):
            assert secret not in text, f"{process.name} has printed a secret"


@pytest.fixture(scope="session")
def orphaned_job(cluster: Callable[[], App]) -> App:
    """A job whose worker was killed. It takes a while until that is noticed, so it is made early."""
    app = cluster()
    poller = app.poller()
    worker = app.worker(AVATAR_SECONDS="600")
    app.say("/avatar orphan")
    wait_until(lambda: app.rows("SELECT 1 FROM jobs WHERE chat_id = $1 AND attempts = 1", app.chat))
    app.answers(1)
    worker.stop()
    poller.term()
    poller.wait()
    return app


@pytest.fixture
def gate(request: pytest.FixtureRequest, postgres_port: int, redis_port: int) -> Iterator[Gate]:
    """A way to PostgreSQL or Redis that can be cut: parametrise it with the name."""
    with Gate({"postgres": postgres_port, "redis": redis_port}[request.param]) as found:
        yield found


def wait_until(condition: Callable[[], object], timeout: float = 20) -> None:
    """Wait until a function returns something true."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
