"""The hub: a registry that engines use as their mirror where Docker Hub can't be reached."""

from __future__ import annotations

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from lablib import daemonconf, images, network
from lablib.shell import LABEL, LabError, docker, inspect, run, say, wait_for
from lablib.shell import docker_prefix as prefix

NAME = "aisha-lab-hub"
PORT = 5055
PROBE_S = 15.0
START_S = 30.0
# All manifest types that an engine may have pushed.
ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json,"
    " application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
)


def docker_hub_answers() -> bool:
    """Whether Docker Hub can be reached from here; its own client asks."""
    try:
        run(*prefix(), "manifest", "inspect", "hello-world", timeout=PROBE_S)
    except LabError:
        return False
    return True


def address() -> str | None:
    """HOST:PORT of the hub, or None when there is none."""
    host = network.gateway()
    return f"{host}:{PORT}" if host and inspect("container", NAME, "{{.State.Running}}") == "true" else None


def request(hub: str, path: str) -> int:
    """The status with which the hub answers, 0 when it doesn't answer."""
    call = urllib.request.Request(f"http://{hub}{path}", headers={"Accept": ACCEPT}, method="HEAD")
    # The hub is on this machine: a proxy of the environment has no business there.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def start() -> bool:
    """Start the hub's container. Returns whether anything was changed."""
    host = network.up()
    template = '{{(index (index .HostConfig.PortBindings "5000/tcp") 0).HostIp}}'
    published = inspect("container", NAME, template)
    if published not in (None, host):
        docker("rm", "-f", NAME)
        published = None
    if published and inspect("container", NAME, "{{.State.Running}}") == "true":
        return False
    if published:
        docker("start", NAME)
    else:
        images.build(images.REGISTRY)
        docker("volume", "create", "--label", f"{LABEL}=hub", NAME)
        say(f"starting {NAME} on {host}:{PORT}")
        docker(
            *("run", "-d", "--name", NAME, "--restart", "unless-stopped", "--label", f"{LABEL}=hub"),
            *("-v", f"{NAME}:/var/lib/registry"),
            *("-p", f"{host}:{PORT}:5000", "-p", f"127.0.0.1:{PORT}:5000"),
            *("-e", "REGISTRY_LOG_LEVEL=warn", "-e", "REGISTRY_LOG_ACCESSLOG_DISABLED=true"),
            *("-e", "OTEL_TRACES_EXPORTER=none", images.REGISTRY.local),
        )
    wait_for("the hub to answer", lambda: request(f"{host}:{PORT}", "/v2/") == 200, START_S)
    return True


def publish(hub: str, image: images.Image) -> bool:
    """Build an image and push it to the hub, when the hub lacks it. Returns whether it did."""
    tag = image.name.split(":")[1]
    marker = f"recipe-{images.recipe(image)}"
    if request(hub, f"/v2/{image.repository}/manifests/{marker}") == 200:
        return False
    images.build(image)
    # An engine speaks plain HTTP to loopback addresses without being told.
    for remote in (f"127.0.0.1:{PORT}/{image.repository}:{each}" for each in (tag, marker)):
        docker("tag", image.local, remote)
        docker("push", "-q", remote)
        docker("rmi", remote)
    return True


def pull(image: images.Image) -> bool:
    """Pull an image by its plain name, unless a real one (or the same one) is here already."""
    if images.built_recipe(image.name) in ("", images.recipe(image)):
        return False
    with images.replacing(image.name):
        docker("pull", "-q", image.name)
    if images.built_recipe(image.name) != images.recipe(image):
        raise LabError(f"`docker pull {image.name}` didn't bring the hub's image")
    return True


def up(force: bool) -> dict[str, object]:
    """Make plain `docker pull` of the lab's images work. With `force` also where Docker Hub answers."""
    if address() is None and not force and docker_hub_answers():
        say("Docker Hub can be reached: no hub is needed (--force makes one anyway)")
        return {"changed": False, "address": None}
    changed = start()
    hub = address()
    assert hub is not None
    # What several stand on, before several are built at once.
    for base in dict.fromkeys(image.base for image in images.UPSTREAM):
        if base:
            images.build(base)
    with ThreadPoolExecutor(max_workers=3) as pool:
        changed |= any(list(pool.map(lambda image: publish(hub, image), images.UPSTREAM)))
    changed |= daemonconf.use(hub)
    for image in images.UPSTREAM:
        changed |= pull(image)
    return {"changed": changed, "address": hub, "daemon_config": daemonconf.hub_settings(hub)}
