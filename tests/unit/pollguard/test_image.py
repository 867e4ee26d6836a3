"""The folder in foreign images: FROM scratch, with a bot of glibc or musl, without root, without a writable
file system, without any capability. Run with POLLGUARD_IMAGE=<name of the built image>; needs Docker and a C
compiler, and musl-gcc for the one of musl."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pollguard.gate.alias import alias_of
from pollguard_harness import make_token, wait_for
from standin_process import Account, Standin

IMAGE = os.environ.get("POLLGUARD_IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="POLLGUARD_IMAGE names no image")

GUARD = ["--library-path", "/pollguard/lib", "/pollguard/usr/bin/python3", "-I", "-S", "/pollguard/app"]
BOT = Path(__file__).with_name("image_bot.c")
MUSL_LOADER = Path("/lib/ld-musl-x86_64.so.1")


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def logs(container: str) -> str:
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@dataclass
class Place:
    """A network with a Redis, and a volume with the guard, all of this name; the stand-in can be reached."""

    name: str
    gateway: str
    account: Account

    def start(self, image: str, *options: str, mode: str = "gate") -> str:
        """The name of a container with the guard and a bot."""
        container = f"{self.name}-{secrets.token_hex(2)}"
        settings = {
            "TELEGRAM_BOT_TOKEN": self.account.token,
            "TELEGRAM_API_URL": f"http://{self.gateway}:{self.account.standin.port}",
            "POLLGUARD_REDIS_URL": f"redis://{self.name}-redis:6379/2",
            "POLLGUARD_MODE": mode,
            "POLLGUARD_POLL_MAX_AGE": "0",
            "POLLGUARD_QUIET": "0.3",
        }
        run = ["run", "-d", "--name", container, "--network", self.name, "-v", f"{self.name}:/pollguard:ro"]
        for name, value in settings.items():
            run += ["-e", f"{name}={value}"]
        docker(*run, *options, "--entrypoint", "/pollguard/lib/ld.so", image, *GUARD, "run", "--", "/bot")
        return container


READ = """
import os
for pid in set(filter(str.isdigit, os.listdir("/proc"))) - {str(os.getpid())}:
    try:
        print(pid, open(f"/proc/{pid}/environ").read().replace(chr(0), " "))
    except PermissionError:
        print(pid, "is hidden")
"""


def guard(container: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["docker", "exec", container, "/pollguard/lib/ld.so", *GUARD, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def bots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Images with nothing but a bot, by its C library."""
    name, made = f"pollguard-test-{secrets.token_hex(4)}", {}
    compilers = {"glibc": ["cc", "-static"], "musl": ["musl-gcc"]}
    for library, compiler in compilers.items():
        if not shutil.which(compiler[0]):
            continue
        folder = tmp_path_factory.mktemp(library)
        subprocess.run([*compiler, "-o", folder / "bot", BOT], check=True)
        lines = ["FROM scratch", "COPY bot /bot"]
        if library == "musl":
            shutil.copy(MUSL_LOADER, folder / MUSL_LOADER.name)
            lines.append(f"COPY {MUSL_LOADER.name} {MUSL_LOADER}")
        (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
        docker("build", "-q", "-t", f"{name}-{library}", str(folder))
        made[library] = f"{name}-{library}"
    yield made
    docker("rmi", *made.values())


@pytest.fixture(scope="module")
def outside_standin() -> Iterator[Standin]:
    standin = Standin("0.0.0.0")  # noqa: S104 (containers are to reach it)
    yield standin
    standin.stop()


@pytest.fixture(scope="module")
def network(bots: dict[str, str]) -> Iterator[str]:
    """Name of a network with a Redis, and of a volume with the guard; `bots` go after what uses them."""
    name = f"pollguard-test-{secrets.token_hex(4)}"
    docker("network", "create", name)
    docker("volume", "create", name)
    docker("run", "-d", "--name", f"{name}-redis", "--network", name, "redis:7.0")
    docker("run", "--rm", "-v", f"{name}:/pollguard", IMAGE)
    yield name
    containers = docker("ps", "-aq", "--filter", f"network={name}").split()
    docker("rm", "-f", "-v", *containers)
    docker("network", "rm", name)
    docker("volume", "rm", name)


@pytest.fixture
def place(network: str, outside_standin: Standin) -> Place:
    gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network)
    return Place(network, gateway, Account(outside_standin, make_token(), f"bot_{secrets.token_hex(4)}"))


def test_the_image_itself_is_harmless() -> None:
    assert docker("run", "--rm", IMAGE).startswith("pollguard ")
    assert not json.loads(docker("image", "inspect", IMAGE))[0]["Config"].get("Volumes")


BARE = ["--user", "12345:12345", "--read-only", "--cap-drop", "ALL"]


@pytest.mark.parametrize(
    ("library", "options", "mode"),
    [
        ("glibc", BARE, "gate"),
        ("glibc", ["--init"], "gate"),
        ("musl", BARE, "gate"),
        ("glibc", BARE, "process"),
    ],
    ids=["gate-bare", "gate-init", "gate-musl", "process-bare"],
)
def test_from_scratch(
    place: Place, bots: dict[str, str], library: str, options: list[str], mode: str
) -> None:
    if library not in bots:
        pytest.skip(f"no compiler for {library}")
    container = place.start(bots[library], *options, mode=mode)
    wait_for(lambda: "lease taken" in logs(container), what="it is active")
    wait_for(lambda: guard(container, "health").returncode == 0, what="it is good")
    status = json.loads(guard(container, "status", "--json").stdout)
    assert (status["role"], status["mode"]) == ("active", mode)
    assert place.account.token.partition(":")[2] not in json.dumps(status)
    if mode == "gate":
        place.account.say("hello")
        wait_for(lambda: "got an update" in logs(container), what="the bot gets it")
        assert all(agent.startswith("pollguard/") for agent in place.account.polls()["user_agents"])
    lines = [line for line in logs(container).splitlines() if " pollguard: " not in line]
    environment = dict(line.split("=", 1) for line in lines if "=" in line)
    assert sorted(environment) == ["HOME", "HOSTNAME", "PATH", "TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN"]
    own = f"http://{place.gateway}:{place.account.standin.port}"
    token = place.account.token
    assert environment["TELEGRAM_BOT_TOKEN"] == (alias_of(token) if mode == "gate" else token)
    assert environment["TELEGRAM_API_URL"] == ("http://127.0.0.1:8081" if mode == "gate" else own)
    if mode == "gate" and "--init" not in options:
        # By another program of the same user, as the bot is one; Docker's own init hides nothing.
        read = docker("exec", container, "/pollguard/lib/ld.so", *GUARD[:3], "-I", "-S", "-c", READ)
        assert read.count("is hidden") == 2
        assert token.partition(":")[2] not in read
    docker("stop", "-t", "20", container)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", container) == "5"
    assert "lease released" in logs(container)


def test_a_container_that_is_paused_or_killed_is_replaced(place: Place, bots: dict[str, str]) -> None:
    """And what is unpaused is a standby."""
    one = place.start(bots["glibc"])
    wait_for(lambda: guard(one, "health").returncode == 0, what="the first is good")
    two = place.start(bots["glibc"])
    wait_for(lambda: guard(two, "health").returncode == 0, what="the second is good")
    docker("pause", one)
    wait_for(lambda: "lease taken" in logs(two), what="the other takes over")
    docker("unpause", one)
    wait_for(lambda: json.loads(guard(one, "status", "--json").stdout)["role"] == "standby")
    wait_for(lambda: guard(one, "health").returncode == 0, what="it is a good standby")
    docker("kill", two)
    wait_for(lambda: json.loads(guard(one, "status", "--json").stdout)["role"] == "active")
    docker("stop", "-t", "20", one)


def test_the_folder_is_for_everybody_to_read(tmp_path: Path) -> None:
    container = docker("create", IMAGE)
    docker("cp", f"{container}:/pollguard", str(tmp_path))
    docker("rm", container)
    assert (tmp_path / "pollguard/lib/ld.so").readlink().name.startswith("ld-linux-")
    for path in (tmp_path / "pollguard").rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o004, path
    sources = list((tmp_path / "pollguard/app").rglob("*.py"))
    assert all(list((p.parent / "__pycache__").glob(f"{p.stem}.*.pyc")) for p in sources)
