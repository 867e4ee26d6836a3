"""plan.yml names everything that has drifted, and a cluster without drift in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lab_client import Lab
from testinfra.host import Host

HOST = "aisha-one"
NGINX, RULES = "/opt/aisha/nginx/nginx.conf", "/opt/aisha/monitoring/prometheus/rules.yml"
KEY, LEFT_OUT = "/opt/aisha/nginx/tls/key.pem", "/opt/aisha/nginx/drained/127.0.0.1:8001"
LOCK, SURPLUS = "/opt/aisha/lock.json", "aisha-webhook-api-7"


def planned(lab: Lab, *arguments: str) -> set[str]:
    """Return the plan's lines without the host."""
    done = lab.playbook("plan.yml", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(re.findall(r"changed=(\d+)", done.stdout.split("PLAY RECAP")[1])) == {"0"}
    lines = set(re.findall(rf'^ *"{HOST}: (.*?)",?$', done.stdout, re.MULTILINE))
    assert bool(lines) != ("Nothing has drifted" in done.stdout), done.stdout
    return lines


@contextmanager
def drift(host: Host) -> Iterator[None]:
    """Have somebody change what runs on the host, in each way that there is, and take it back."""
    memory = host.check_output("docker inspect -f '{{.HostConfig.Memory}}' aisha-webhook-api-2")
    host.check_output("docker stop aisha-worker-1")
    host.check_output("docker update --memory 600m --memory-swap 1g aisha-webhook-api-2")
    image = "$(docker inspect -f '{{.Image}}' aisha-registry)"
    host.check_output(f"docker create --name {SURPLUS} --label aisha.cluster=aisha {image}")
    host.check_output(f"echo '# by hand' | tee -a {NGINX} >> {RULES}")
    host.check_output(f"chmod 0644 {KEY} && touch {LEFT_OUT} {LOCK}")
    try:
        yield
    finally:
        host.check_output(f"rm {LEFT_OUT} {LOCK} && chmod 0600 {KEY} && sed -i '$d' {NGINX} {RULES}")
        host.check_output(f"docker rm {SURPLUS}")
        host.check_output(
            f"docker update --memory {memory} --memory-swap {2 * int(memory)} aisha-webhook-api-2"
        )
        host.check_output("docker start aisha-worker-1")
        healthy = "[ $(docker inspect -f '{{.State.Health.Status}}' aisha-worker-1) = healthy ]"
        host.check_output(f"for i in $(seq 90); do {healthy} && exit 0; sleep 1; done; exit 1")


@pytest.fixture
def neighbour(lab: Lab) -> Iterator[None]:
    """Have containers of another cluster on the host, whose name begins with this one's, and of nobody's."""
    host = lab.host(HOST)
    image = "$(docker inspect -f '{{.Image}}' aisha-registry)"
    names = ("aisha-staging-webhook-api-1", "aisha-staging-nginx-prod-previous", "aisha-staging-worker-1")
    for name, label in zip(names, ("aisha.cluster=aisha-staging",) * 2 + ("of=nobody",), strict=True):
        host.check_output(f"docker create --name {name} --label {label} {image}")
    yield
    host.check_output(f"docker rm {' '.join(names)}")


@pytest.mark.usefixtures("neighbour")
def test_nothing_is_planned_where_nothing_has_drifted(lab: Lab) -> None:
    assert planned(lab) == set()


def test_everything_that_has_drifted_is_planned(lab: Lab) -> None:
    with drift(lab.host(HOST)):
        assert planned(lab) == {
            "run aisha-worker-1",
            "run aisha-webhook-api-2: memory",
            f"container {SURPLUS}: surplus",
            f"file {NGINX}: content",
            f"file {RULES}: content",
            f"file {KEY}: mode",
            f"file {LEFT_OUT}: left over",
            f"file {LOCK}: left over",
        }


def test_what_the_inventory_says_otherwise_is_planned(lab: Lab) -> None:
    variables = ("-ewebhook_api_replicas=3", "-ebot_cluster_workers=0", '-e{"app_environment": {"NEW": "1"}}')
    lines = planned(lab, *variables)
    for poller in ("aisha-bot-polling-1", "aisha-bot-polling-2"):
        assert f"replace {poller}: env" in lines
    assert {"run aisha-webhook-api-3", "container aisha-worker-1: surplus"} <= lines
    assert f"file {NGINX}: content" in lines
