"""The stand-in for Telegram's Bot API and fal.ai, run where the cluster can reach it."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from lablib import images, network
from lablib.shell import LAB, LABEL, LabError, docker, docker_prefix, inspect, run, say, wait_for

IMAGE = images.Image("standin:latest", LAB / "standin")
NAME = "aisha-lab-standin"
CONFIGURATION_LABEL = "aisha.lab.standin"
BOTS = "STANDIN_BOTS"
PRIVATE_PORTS = (8081, 8082)
SHARED_PORTS = (18081, 18082)
START_S = 30.0


@dataclass(frozen=True)
class Place:
    """Where a stand-in listens: an address, and the ports of its Bot API and its control API."""

    host: str
    api_port: int
    control_port: int

    def urls(self) -> dict[str, str]:
        """What inventories and tests need to know."""
        control = f"http://{self.host}:{self.control_port}"
        return {
            "api_url": f"http://{self.host}:{self.api_port}",
            "jwks_url": f"{control}/.well-known/jwks.json",
            "control_url": control,
        }


def bots(tokens: list[str]) -> str:
    """The value of STANDIN_BOTS for FILE=USERNAME pairs, or that of this process."""
    if not tokens:
        return os.environ.get(BOTS, "")
    pairs = []
    for each in tokens:
        file, _, username = each.rpartition("=")
        try:
            pairs.append(f"{Path(file).read_text(encoding='ascii').strip()}={username}")
        except OSError as error:
            raise LabError(f"--tokens {each}: expected FILE=USERNAME with a readable file: {error}") from None
    return ",".join(pairs)


def healthy(control_url: str) -> bool:
    """Whether a stand-in answers; it is on this machine, so no proxy of the environment is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{control_url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ready(name: str, urls: dict[str, str]) -> bool:
    """Whether a stand-in answers; raises LabError with what it said when it stopped instead."""
    if inspect("container", name, "{{.State.Running}} {{.RestartCount}}") != "true 0" or not urls:
        said = run(*docker_prefix(), "logs", "--tail", "20", name)
        raise LabError(f"the stand-in {name} stopped:\n{said.stdout}{said.stderr}")
    return healthy(urls["control_url"])


def place(name: str, private: bool) -> Place | None:
    """Where a stand-in listens or would listen; None for a private one that doesn't run."""
    host = network.address_of(name) if private else network.gateway()
    return Place(host, *(PRIVATE_PORTS if private else SHARED_PORTS)) if host else None


def start(name: str, private: bool, configuration: str, configured_bots: str) -> None:
    """Start the container of a stand-in, instead of a former one of that name."""
    if inspect("container", name, "{{.Id}}"):
        docker("rm", "-f", name)
    if private:
        where: tuple[str, ...] = ("--network", network.NAME, "--ip", network.free_address())
    else:
        # On the host's network it can deliver webhooks to whatever this machine serves, on 127.0.0.1 too.
        api_port, control_port = SHARED_PORTS
        probe = f"import urllib.request as r; r.urlopen('http://{network.gateway()}:{control_port}/health')"
        where = (
            *("--network", "host", "--env", f"STANDIN_HOST={network.gateway()}"),
            *("--env", f"STANDIN_PORT={api_port}", "--env", f"STANDIN_CONTROL_PORT={control_port}"),
            *("--health-cmd", f'python3 -c "{probe}"'),
        )
    say(f"starting {name}")
    docker(
        *("run", "-d", "--name", name, "--restart", "unless-stopped"),
        *("--label", f"{LABEL}=standin", "--label", f"{CONFIGURATION_LABEL}={configuration}"),
        # By name only: the tokens must not be on a command line.
        *("--env", BOTS, *where, IMAGE.local),
        env={BOTS: configured_bots},
    )


def up(name: str, private: bool, tokens: list[str], addresses: Path | None) -> dict[str, object]:
    """Run a stand-in and wait until it answers; writes its URLs into the folder `addresses`, a file each."""
    network.up()
    configured_bots = bots(tokens)
    changed = images.build(IMAGE)
    said = repr((images.recipe(IMAGE), private, network.gateway(), configured_bots))
    configuration = hashlib.sha256(said.encode()).hexdigest()[:16]
    template = f'{{{{.State.Running}}}} {{{{index .Config.Labels "{CONFIGURATION_LABEL}"}}}}'
    if inspect("container", name, template) != f"true {configuration}":
        start(name, private, configuration, configured_bots)
        changed = True
    found = place(name, private)
    urls = found.urls() if found else {}
    wait_for(f"the stand-in {name} to answer", lambda: ready(name, urls), START_S)
    if addresses:
        addresses.mkdir(parents=True, exist_ok=True)
        for key, url in urls.items():
            (addresses / key).write_text(f"{url}\n", encoding="ascii")
    return {"changed": changed, **urls}


def down(name: str) -> dict[str, object]:
    """Remove a stand-in."""
    if inspect("container", name, "{{.Id}}") is None:
        return {"changed": False}
    docker("rm", "-f", name)
    return {"changed": True}
