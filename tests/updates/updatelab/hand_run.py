"""What people update with who have no collection for it, on the same host, services and images."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from faultlab.engine import Engine

RECIPES = Path(__file__).resolve().parent.parent / "hand_run"
HOME = "/opt/aisha-backend"
REGISTRY = "localhost:5000"
# What the application is told; taken from a container that runs, so that no secret passes through here.
TOLD = "^(TELEGRAM_|DATABASE_URL|REDIS_URL|S3_|FAL_JWKS_URL)"
INSTANCES = ("webhook-api", "bot-polling", "worker", "nginx", "poll-guard")
SERVICES = ("aisha-postgresql", "aisha-redis", "aisha-object-storage")
INSTALL = (
    "apt-get update -qq; export DEBIAN_FRONTEND=noninteractive;"
    " apt-get install -y -qq --no-install-recommends docker-compose"
)
# Between the two pollers, as the production document has it.
SLEEP_S = 30
BUILD_S = 600.0


def send(engine: Engine, folder: Path, destination: str) -> None:
    """Copy a folder's content to the engine's host."""
    unpack = f"mkdir -p {destination} && tar -x -C {destination}"
    words = ("sh", "-c", unpack)
    command = [*engine.prefix, shlex.join(words)] if engine.remote else [*engine.prefix, *words]
    with subprocess.Popen(["tar", "-c", "-C", str(folder), "."], stdout=subprocess.PIPE) as packing:
        subprocess.run(command, stdin=packing.stdout, check=True, timeout=60)


def shell(engine: Engine, script: str, timeout: float = 300.0) -> str:
    """Run a script on the engine's host, in the folder of the hand-run deployment."""
    return engine.run("sh", "-c", f"set -e; cd {HOME}; {script}", timeout=timeout)


def prepare(engine: Engine) -> None:
    """Have what a deployment by hand needs, from a cluster that runs; then take its instances away."""
    engine.run("mkdir", "-p", "-m", "0700", HOME)
    environment = "{{range .Config.Env}}{{println .}}{{end}}"
    one = f"docker inspect --format {shlex.quote(environment)} aisha-worker-1"
    shell(engine, f"umask 077; {one} | grep -E {shlex.quote(TOLD)} >app.env; cp -r /opt/aisha/nginx/tls .")
    for component in INSTANCES:
        found = engine.docker("ps", "-aq", "--filter", f"label=aisha.component={component}").split()
        if found:
            engine.docker("rm", "--force", *found)


def build(engine: Engine, application: Path, tag: str) -> dict[str, str]:
    """Build both images on the host and push them; returns their names."""
    send(engine, application, f"{HOME}/source")
    names = {}
    for kind in ("webhook", "bot"):
        names[kind] = f"{REGISTRY}/aisha-{kind}:{tag}"
        dockerfile = f"source/Dockerfile.{kind}"
        shell(engine, f"DOCKER_BUILDKIT=0 docker build -q -f {dockerfile} -t {names[kind]} source", BUILD_S)
        shell(engine, f"docker push -q {names[kind]}")
    return names


@dataclass
class Peer:
    """A way of deploying and updating by hand.

    Args:
        name: of its recipes' folder.
        deploy: from nothing to a cluster that runs, of the application in a folder.
        update: to that in another folder.
        remove: until nothing of it is left.
    """

    name: str
    deploy: Callable[[Path], None]
    update: Callable[[Path], None]
    remove: Callable[[], None]


@dataclass
class Host:
    """Where all of them run, one after the other."""

    engine: Engine
    inventory: Path
    concurrency: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def _bring(self, name: str) -> None:
        send(self.engine, RECIPES / name, HOME)

    def compose(self) -> Peer:
        """docker-compose, as the production document has it."""
        compose = f"WORKER_CONCURRENCY={self.concurrency} docker-compose -p aisha -f docker-compose"
        api, bot = f"{compose}.webhook.prod.yml", f"{compose}.bot.registry.yml"

        def deploy(application: Path) -> None:
            self._bring("compose")
            shell(self.engine, f"command -v docker-compose >/dev/null || ({INSTALL}) >/dev/null", BUILD_S)
            build(self.engine, application, "latest")
            shell(self.engine, f"{api} up -d 2>&1; {bot} up -d 2>&1")

        def update(application: Path) -> None:
            build(self.engine, application, "latest")
            shell(self.engine, f"{api} pull 2>&1; {api} up -d 2>&1; {bot} pull 2>&1")
            for number, then in ((2, f"sleep {SLEEP_S}"), (1, "true")):
                poller = f"aisha-bot-polling-{number}"
                shell(self.engine, f"docker stop {poller}; {bot} up -d {poller} 2>&1; {then}")
            # The document leaves the worker out: it would run the former release for ever.
            shell(self.engine, f"{bot} up -d 2>&1")

        def remove() -> None:
            shell(self.engine, f"{bot} down 2>&1; {api} down 2>&1")

        return Peer("compose", deploy, update, remove)

    def plain_ansible(self) -> Peer:
        """A playbook with a loop over the containers."""

        def apply(application: Path, tag: str) -> None:
            names = build(self.engine, application, tag)
            told = {f"{kind}_image": name for kind, name in names.items()}
            told |= {"home": HOME, "worker_concurrency": str(self.concurrency)}
            words = [word for name, value in told.items() for word in ("-e", f"{name}={value}")]
            playbook = RECIPES / "plain_ansible" / "update.yml"
            done = subprocess.run(
                ["ansible-playbook", "-i", str(self.inventory), str(playbook), *words],
                env=os.environ | self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"plain_ansible: {done.stdout[-2000:]}{done.stderr[-2000:]}")

        def deploy(application: Path) -> None:
            self._bring("plain_ansible")
            apply(application, "plain-1")

        def remove() -> None:
            found = self.engine.docker(
                "ps", "-aq", *(word for one in INSTANCES for word in ("--filter", f"name=^aisha-{one}"))
            )
            self.engine.docker("rm", "--force", *found.split())

        return Peer("plain_ansible", deploy, lambda application: apply(application, "plain-2"), remove)

    def swarm(self) -> Peer:
        """Services of Docker Swarm."""
        engine = self.engine

        def deploy(application: Path) -> None:
            self._bring("swarm")
            names = build(engine, application, "swarm-1")
            engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
            engine.docker("network", "create", "--driver", "overlay", "--attachable", "aisha-swarm")
            for service in SERVICES:
                engine.docker("network", "connect", "aisha-swarm", service)
            told = f"WEBHOOK_IMAGE={names['webhook']} BOT_IMAGE={names['bot']} HOME_FOLDER={HOME}"
            told += f" WORKER_CONCURRENCY={self.concurrency}"
            shell(engine, f"{told} docker stack deploy --compose-file stack.yml aisha")

        def update(application: Path) -> None:
            names = build(engine, application, "swarm-2")
            for service, kind, order in (
                ("webhook", "webhook", "start-first"),
                ("bot", "bot", "stop-first"),
                ("worker", "bot", "start-first"),
            ):
                words = ("--update-order", order, "--image", names[kind], f"aisha_{service}")
                engine.docker("service", "update", "--quiet", *words, timeout=300)

        def remove() -> None:
            engine.docker("stack", "rm", "aisha")
            for service in SERVICES:
                engine.docker("network", "disconnect", "--force", "aisha-swarm", service, check=False)
            engine.docker("swarm", "leave", "--force")
            engine.docker("network", "rm", "docker_gwbridge", check=False)
            # An engine forgets the name of a container that has left one of its networks.
            engine.docker("restart", *SERVICES)

        return Peer("swarm", deploy, update, remove)
