"""A second cluster on the first host, whose name begins as the first one's: neither meets the other."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from faultlab.standin import Standin
from lab_client import Lab

NEIGHBOUR = "aisha-staging"
CHAT = 1623


def changed(said: str) -> set[str]:
    """Return how much a run has changed on each host."""
    return set(re.findall(r"changed=(\d+)", said.split("PLAY RECAP")[1]))


@pytest.fixture(scope="module")
def neighbour(lab: Lab) -> Lab:
    """Deploy the second cluster, with a bot of its own."""
    second = Lab(lab.inventory.with_name("neighbour"))
    known = lab.variables(lab.first)
    token = f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(26)[:35]}"
    kept = Path(known["lab_home"], "staging_token")
    kept.touch(mode=0o600)
    kept.write_text(token, encoding="ascii")
    Standin(known["lab_control_url"]).add_bot(token, "aisha_staging_bot")
    done = second.playbook("site.yml")
    assert done.returncode == 0, done.stdout[-3000:]
    return second


def test_each_is_well_and_alone_with_what_it_made(lab: Lab, neighbour: Lab) -> None:
    host = lab.host("aisha-a")
    listed = "lab-docker ps --format '{{.Names}} {{.Label \"aisha.cluster\"}}'"
    owners = dict(line.split(" ") for line in host.check_output(listed).splitlines() if "aisha" in line)
    first = {name for name, owner in owners.items() if owner == "aisha"}
    second = {name for name, owner in owners.items() if owner == NEIGHBOUR}
    assert {f"{NEIGHBOUR}-{name}" for name in ("webhook-api-1", "bot-polling-1", "worker-1")} <= second
    assert {name for name in first if name.startswith(NEIGHBOUR)} == set()
    assert {name for name in second if not name.startswith(NEIGHBOUR)} == set()
    standin = Standin(neighbour.control)
    since = standin.answers_cursor()
    standin.say("aisha_staging_bot", "staging?", CHAT)
    assert lab.say("production?", CHAT + 1).until(lambda answer: "production?" in answer)
    path = "/control/answers"
    found = standin.call("GET", path, username="aisha_staging_bot", since=since, timeout=30)["answers"]
    assert [each["chat_id"] for each in found] == [CHAT]


@pytest.mark.parametrize(
    ("variable", "value", "met"),
    [
        # Both nginx would listen there, and the kernel would share the connections out.
        ("nginx_https_port", "443", "port 443 of all addresses for aisha-staging-nginx-prod"),
        ("cluster_home", "/opt/aisha", "folder /opt/aisha, which container aisha-"),
    ],
)
def test_what_the_other_cluster_has_is_refused(
    lab: Lab, neighbour: Lab, variable: str, value: str, met: str
) -> None:
    running = lab.host("aisha-a").check_output("lab-docker ps --no-trunc --quiet | sort")
    done = neighbour.playbook("site.yml", f"-e{variable}={value}")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert f"Cluster {NEIGHBOUR} on aisha-a: expected ports and a folder of its own; found" in said
    assert met in said
    assert "of cluster aisha" in said
    assert changed(done.stdout) == {"0"}
    assert lab.host("aisha-a").check_output("lab-docker ps --no-trunc --quiet | sort") == running


# The update that came before has brought another release than the inventory's.
OTHER_RELEASE = re.compile(
    r"replace aisha-(webhook-api|bot-polling|worker)-\d: image"
    r"|container aisha-migration: not finished for this release|release: not recorded"
)


def planned(cluster: Lab) -> set[str]:
    """Return the lines of a cluster's plan, without the hosts."""
    done = cluster.playbook("plan.yml")
    assert done.returncode == 0, done.stdout[-3000:]
    assert changed(done.stdout) == {"0"}
    lines = set(re.findall(r'^ *"aisha-[ab]: (.*?)",?$', done.stdout, re.MULTILINE))
    assert bool(lines) != ("Nothing has drifted" in done.stdout), done.stdout[-3000:]
    return lines


def test_neither_takes_the_other_for_a_change_of_its_own(lab: Lab, neighbour: Lab) -> None:
    assert planned(neighbour) == set()
    assert {line for line in planned(lab) if not OTHER_RELEASE.fullmatch(line)} == set()
