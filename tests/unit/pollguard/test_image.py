"""The folder in foreign images: one FROM scratch, without root, without a writable file system, without any
capability. Run with POLLGUARD_IMAGE=<name of the built image>; needs Docker and a C compiler."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pollguard_harness import make_token, wait_for

IMAGE = os.environ.get("POLLGUARD_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="POLLGUARD_IMAGE names no image")

GUARD = ["--library-path", "/pollguard/lib", "/pollguard/usr/bin/python3", "-I", "-S", "/pollguard/app"]
BOT = """
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
extern char **environ;
static void on_term(int number) { _exit(5); }
int main(void) {
    signal(SIGTERM, on_term);
    for (char **entry = environ; *entry; entry++) puts(*entry);
    fflush(stdout);
    for (;;) pause();
}
"""


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of a network with a Redis, of a volume with the guard, and of an image with nothing but a bot."""
    name = f"pollguard-test-{secrets.token_hex(4)}"
    folder = tmp_path_factory.mktemp("scratch")
    (folder / "bot.c").write_text(BOT)
    subprocess.run(["cc", "-static", "-o", folder / "bot", folder / "bot.c"], check=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY bot /bot\n")
    docker("build", "-q", "-t", name, str(folder))
    docker("network", "create", name)
    docker("volume", "create", name)
    docker("run", "-d", "--name", f"{name}-redis", "--network", name, "redis:7.0")
    docker("run", "--rm", "-v", f"{name}:/pollguard", IMAGE)
    yield name
    containers = docker("ps", "-aq", "--filter", f"network={name}").split()
    if containers:
        docker("rm", "-f", "-v", *containers)
    docker("network", "rm", name)
    docker("volume", "rm", name)
    docker("rmi", name)


def test_the_image_itself_is_harmless() -> None:
    assert docker("run", "--rm", IMAGE).startswith("pollguard ")
    assert not json.loads(docker("image", "inspect", IMAGE))[0]["Config"].get("Volumes")


@pytest.mark.parametrize(
    "options",
    [["--user", "12345:12345", "--read-only", "--cap-drop", "ALL"], ["--init"]],
    ids=["bare", "init"],
)
def test_from_scratch(place: str, options: list[str]) -> None:
    container = f"{place}-{options[0].strip('-')}"
    redis_url = f"redis://{place}-redis:6379/2"
    settings = [
        f"TELEGRAM_BOT_TOKEN={make_token()}",
        f"POLLGUARD_REDIS_URL={redis_url}",
        "POLLGUARD_POLL_MAX_AGE=0",
    ]
    run = ["run", "-d", "--name", container, "--network", place, "-v", f"{place}:/pollguard:ro", *options]
    for setting in settings:
        run += ["-e", setting]
    docker(*run, "--entrypoint", "/pollguard/lib/ld.so", place, *GUARD, "run", "--", "/bot")
    guard = ["exec", container, "/pollguard/lib/ld.so", *GUARD]
    wait_for(lambda: "COMMAND started" in logs(container))
    assert json.loads(docker(*guard, "status", "--json"))["role"] == "active"
    docker(*guard, "health")
    environment = [line for line in logs(container).splitlines() if " pollguard: " not in line]
    assert sorted(line.partition("=")[0] for line in environment) == [
        "HOME",
        "HOSTNAME",
        "PATH",
        "TELEGRAM_BOT_TOKEN",
    ]
    docker("stop", "-t", "20", container)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", container) == "5"
    assert "lease released" in logs(container)


def logs(container: str) -> str:
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_the_folder_is_for_everybody_to_read(place: str, tmp_path: Path) -> None:
    container = docker("create", IMAGE)
    docker("cp", f"{container}:/pollguard", str(tmp_path))
    docker("rm", container)
    assert (tmp_path / "pollguard/lib/ld.so").readlink().name.startswith("ld-linux-")
    for path in (tmp_path / "pollguard").rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o004, path
    sources = list((tmp_path / "pollguard/app").rglob("*.py"))
    assert all(list((p.parent / "__pycache__").glob(f"{p.stem}.*.pyc")) for p in sources)
