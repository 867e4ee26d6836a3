"""PostgreSQL and Redis for the tests, from Docker images or, without an engine, from installed programs."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

LABEL = "aisha.test=reference-app"


@cache
def _images() -> bool:
    """Whether the images are there or can be pulled."""
    if shutil.which("docker") is None:
        return False
    images = ("redis:7.0", "postgres:15")
    have = ["docker", "image", "inspect", *images]
    if subprocess.run(have, capture_output=True, check=False).returncode == 0:
        return True
    return all(
        subprocess.run(["docker", "pull", "-q", image], capture_output=True, check=False).returncode == 0
        for image in images
    )


@contextmanager
def _container(port: int, *arguments: str) -> Iterator[int]:
    run = ["docker", "run", "-d", "--rm", "--label", LABEL, "-p", f"127.0.0.1::{port}", *arguments]
    name = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        found = subprocess.run(
            ["docker", "port", name, str(port)], check=True, capture_output=True, text=True
        )
        yield int(found.stdout.splitlines()[0].rpartition(":")[2])
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)


@contextmanager
def _program(command: list[str], user: str | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _until(check: Callable[[], Coroutine[Any, Any, None]], what: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            asyncio.run(check())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} never came up") from error
            time.sleep(0.05)
        else:
            return


@contextmanager
def postgres(folder: Path, password: str) -> Iterator[int]:
    """A server with an empty database ``app`` of user ``app``."""
    with _postgres(folder, password) as port:

        async def check() -> None:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=port, user="app", password=password, database="app", timeout=2
            )
            await connection.close()

        _until(check, "PostgreSQL")
        yield port


@contextmanager
def _postgres(folder: Path, password: str) -> Iterator[int]:
    fast = ["-c", "fsync=off"]
    if _images():
        environment = (f"POSTGRES_{key}={value}" for key, value in (("USER", "app"), ("PASSWORD", password)))
        options = [part for pair in environment for part in ("-e", pair)]
        with _container(5432, *options, "postgres:15", *fast) as port:
            yield port
        return
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("neither Docker images nor PostgreSQL's programs are there")
    user = "postgres" if os.getuid() == 0 else None
    data, secret = Path("/tmp") / f"reference-app-{os.getpid()}", folder / "password"  # noqa: S108
    data.mkdir(mode=0o700)
    secret.write_text(password)
    try:
        if user:
            shutil.chown(data, user)
            secret = Path(shutil.copy(secret, data.with_suffix(".password")))
            shutil.chown(secret, user)
        make = [found, "-D", str(data), "-U", "app", "-A", "scram-sha-256", "--pwfile", str(secret)]
        subprocess.run(make, check=True, capture_output=True, user=user, cwd="/")
        with Gate.free_port() as port:
            pass
        server = str(Path(found).with_name("postgres"))
        options = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "", *fast]
        with _program([server, *options], user):
            _create_database(port, password)
            yield port
    finally:
        shutil.rmtree(data)
        data.with_suffix(".password").unlink(missing_ok=True)


def _create_database(port: int, password: str) -> None:
    async def create() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user="app", password=password, database="postgres", timeout=2
        )
        await connection.execute("CREATE DATABASE app")
        await connection.close()

    _until(create, "PostgreSQL")


@contextmanager
def redis(folder: Path, password: str) -> Iterator[int]:
    """A server that asks for a password."""
    with _redis(folder, password) as port:

        async def check() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"AUTH {password}\r\n".encode())
            answer = await asyncio.wait_for(reader.readline(), 2)
            writer.close()
            if not answer.startswith(b"+OK"):
                raise ConnectionError(answer)

        _until(check, "Redis")
        yield port


@contextmanager
def _redis(folder: Path, password: str) -> Iterator[int]:
    command = ["redis-server", "--requirepass", password, "--save", ""]
    if _images():
        with _container(6379, "redis:7.0", *command) as port:
            yield port
        return
    if shutil.which("redis-server") is None:
        pytest.skip("neither Docker images nor redis-server are there")
    with Gate.free_port() as port:
        pass
    with _program([*command, "--port", str(port), "--dir", str(folder)]):
        yield port


class Gate:
    """A way to a local port that can be cut and opened again, or be silent."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @staticmethod
    @contextmanager
    def free_port() -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield listener.getsockname()[1]

    def __enter__(self) -> Gate:
        ready = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        self._loop.create_task(serve())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        assert ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        await asyncio.gather(self._copy(reader, there_writer), self._copy(there_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._open = False

        async def close() -> None:
            for writer in list(self._writers):
                writer.transport.abort()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)

    def open(self) -> None:
        self._open = True
