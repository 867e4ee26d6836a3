"""The module against this machine's engine: two real pollers with the guard, a Redis, the stand-in, and users
who write all the time. Run with POLLGUARD_IMAGE=<name of the built image>; needs Docker."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import bot_rolling_restart
from local_engine import docker

GUARD_IMAGE = os.environ.get("POLLGUARD_IMAGE", "")
pytestmark = pytest.mark.skipif(not GUARD_IMAGE, reason="POLLGUARD_IMAGE names no image")

LAB = Path(__file__).resolve().parents[3] / "lab"
BOT = Path(__file__).with_name("slow_bot.py")
GUARD = (
    *("/pollguard/lib/ld.so", "--library-path", "/pollguard/lib"),
    *("/pollguard/usr/bin/python3", "-I", "-S", "/pollguard/app"),
)
PER_SECOND = 10
LOAD = {"username": "slow_bot", "text": "message", "per_second": PER_SECOND}
ENTRYPOINTS = {
    "1": ["python3", "-u", "/bot.py"],
    "2": ["python3", "-u", "-B", "/bot.py"],
    "broken": ["python3", "-c", "raise ImportError('no module named bot')"],
    "deaf": ["python3", "-u", "/bot.py"],
}


@dataclass
class Place:
    """Two pollers, in a network of their own."""

    name: str
    images: dict[str, str]
    control: str
    variables: dict[str, str]

    def make(self, number: int, version: str, *verb: str, suffix: str = "") -> None:
        """Make one poller's container, with docker run or docker create."""
        variables = {**self.variables, "INSTANCE_ID": f"bot-polling-{number}"}
        docker(
            *(*verb, "--name", self.container(number) + suffix, "--network", self.name),
            *("--network-alias", f"poller-{number}", "--restart", "unless-stopped"),
            *("--stop-timeout", "30", "--memory", "256m", "--log-opt", "max-size=1m"),
            *("--label", f"aisha.cluster={self.name}", "--label", "aisha.component=bot-polling"),
            *("--label", "kept=yes", "-v", f"{self.name}:/pollguard:ro", "-v", "/anonymous"),
            *(word for key, value in variables.items() for word in ("-e", f"{key}={value}")),
            *("--health-cmd", " ".join((*GUARD, "health")), "--health-interval", "5s"),
            *("--entrypoint", GUARD[0], self.images[version], *GUARD[1:], "run", "--"),
            *ENTRYPOINTS[version],
        )

    def control_api(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use the stand-in's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=verb)  # noqa: S310 - its own address
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def inspect(self, number: int) -> dict[str, Any]:
        return dict(json.loads(docker("inspect", self.container(number)))[0])

    def container(self, number: int) -> str:
        return f"{self.name}-bot-polling-{number}"

    def running(self) -> dict[str, str]:
        """Every poller's container and the ID of its image, also of what should be gone."""
        names = docker("ps", "-a", "--filter", f"label=aisha.cluster={self.name}", "--format", "{{.Names}}")
        return {name: docker("inspect", "-f", "{{.Image}}", name) for name in names.split()}

    def answered(self) -> list[str]:
        """The texts of all messages that were answered."""
        found = self.control_api("GET", "/control/answers?username=slow_bot&since=0")["answers"]
        return [str(answer["text"]).rpartition(" | ")[0] for answer in found]

    def active(self) -> str | None:
        for number in (1, 2):
            said = subprocess.run(
                ["docker", "exec", self.container(number), *GUARD, "status", "--json"],
                capture_output=True,
                text=True,
                check=False,
            )
            status = json.loads(said.stdout) if said.returncode == 0 else {}
            if status.get("role") == "active" and status["good"] and status["standbys"]:
                return str(status["instance"])
        return None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    name = f"restart-test-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp("bot")
    shutil.copy(BOT, folder / "bot.py")
    for network in (name, f"{name}-second"):
        docker("network", "create", network)
    docker("volume", "create", name)
    gateway = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", name)
    ports = ("--port", "0", "--control-port", "0")
    command = [sys.executable, "-m", "standin", "--host", gateway, *ports]
    environment = os.environ | {"PYTHONPATH": str(LAB)}
    images = {}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            api, control = re.findall(r"http://[0-9.:]+", process.stdout.readline())
            for version, entrypoint in ENTRYPOINTS.items():
                lines = ("FROM python:3.11-slim-bookworm", f"ENV VERSION={version}", "COPY bot.py /")
                text = "\n".join((*lines, f"ENTRYPOINT {json.dumps(entrypoint)}\n"))
                (folder / "Dockerfile").write_text(text)
                docker("build", "-q", "-t", f"{name}:{version}", str(folder))
                images[version] = docker("inspect", "-f", "{{.Id}}", f"{name}:{version}")
            docker("run", "-d", "--name", f"{name}-redis", "--network", name, "redis:7.0")
            docker("run", "--rm", "-v", f"{name}:/pollguard", GUARD_IMAGE)
            token = f"{secrets.randbelow(10**9) + 10**8}:{secrets.token_urlsafe(26)[:35]}"
            variables = {
                "TELEGRAM_BOT_TOKEN": token,
                "TELEGRAM_API_URL": api,
                "POLLGUARD_REDIS_URL": f"redis://{name}-redis:6379/2",
                "POLLGUARD_QUIET": "1",
                "POLLGUARD_STOP_TIMEOUT": "4",
            }
            here = Place(name, images, control, variables)
            here.control_api("POST", "/control/bots", {"token": token, "username": "slow_bot"})
            for number in (1, 2):
                here.make(number, "1", "run", "-d")
            docker("network", "connect", "--alias", "other", f"{name}-second", here.container(1))
            until(lambda: here.active() is not None)
            yield here
        finally:
            process.terminate()
            left = docker("ps", "-aq", "--filter", f"name={name}").split()
            if left:
                docker("rm", "-f", "-v", *left)
            docker("network", "rm", name, f"{name}-second")
            docker("volume", "rm", name)
            if images:
                docker("rmi", *(f"{name}:{version}" for version in images))


def until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def run(place: Place, capsys: pytest.CaptureFixture[str], **arguments: Any) -> tuple[int, dict[str, Any]]:
    asked = {"cluster_name": place.name, "health_timeout": 30, **arguments}
    with patch_module_args(asked), pytest.raises(SystemExit) as exited:
        bot_rolling_restart.main()
    return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))


def actions(result: dict[str, Any], key: str) -> list[tuple[str, str]]:
    return [(step["action"], step["container"]) for step in result[key]]


def test_nothing_is_lost_whatever_is_done(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """One story, since what each run finds is what the one before it left."""
    place.control_api("POST", "/control/load", LOAD)
    former = str(place.active())
    active, standby = (place.container(int(name)) for name in (former[-1], "21"[int(former[-1]) - 1]))
    before = place.inspect(1)
    new = place.images["2"]
    wanted = {"image": new, "environment": {"GREETING": "Welcome back"}}

    code, foreseen = run(place, capsys, **wanted, _ansible_check_mode=True)
    assert (code, foreseen["changed"], foreseen["steps"]) == (0, True, [])
    expected = [("recreate", standby), ("hand_over", active), ("recreate", active)]
    assert actions(foreseen, "plan") == expected
    assert set(place.running().values()) == {place.images["1"]}

    code, done = run(place, capsys, **wanted)
    assert code == 0, done
    assert (done["plan"], actions(done, "steps")) == (foreseen["plan"], expected)
    assert done["active"]["before"] == former != done["active"]["after"]
    assert done["steps"][1]["gap_s"] < 1
    assert "Welcome back" not in json.dumps(done)
    assert place.running() == {place.container(1): new, place.container(2): new}

    after = place.inspect(1)
    assert {"VERSION=2", "GREETING=Welcome back"} <= set(after["Config"]["Env"])
    assert after["Config"]["Cmd"][-4:] == ENTRYPOINTS["2"]
    assert after["Config"]["Labels"] == before["Config"]["Labels"]
    assert after["Config"]["Hostname"] == after["Id"][:12]
    assert after["HostConfig"] == {**before["HostConfig"], "Binds": after["HostConfig"]["Binds"]}
    assert {(one["Name"], one["Destination"]) for one in after["Mounts"]} == {
        (one["Name"], one["Destination"]) for one in before["Mounts"]
    }
    networks = after["NetworkSettings"]["Networks"]
    assert {name: set(each["Aliases"]) - {after["Id"][:12]} for name, each in networks.items()} == {
        place.name: {"poller-1"},
        f"{place.name}-second": {"other"},
    }

    code, again = run(place, capsys, **wanted)
    assert (code, again["changed"], again["plan"]) == (0, False, [])

    active_now = done["active"]["after"]
    code, broken = run(place, capsys, image=place.images["broken"])
    assert (code, broken["failure"]["restored"]) == (1, True), broken
    assert "ImportError" in broken["msg"]
    assert "no module named bot" in broken["failure"]["log"]
    assert place.running() == {place.container(1): new, place.container(2): new}
    until(lambda: place.active() == active_now)

    # As if the run had been interrupted when one container was aside and the other not yet in its place.
    aside = place.container(1 if active_now.endswith("2") else 2)
    labels = ("--label", f"aisha.cluster={place.name}", "--label", "aisha.component=bot-polling")
    docker("create", "--name", f"{aside}-next", *labels, new)
    docker("stop", aside)
    docker("rename", aside, f"{aside}-previous")
    code, undone = run(place, capsys, **wanted)
    expected = [("remove", f"{aside}-next"), ("put_back", aside), ("restart", aside)]
    assert (code, actions(undone, "steps")) == (0, expected), undone
    assert place.running() == {place.container(1): new, place.container(2): new}

    place.control_api("DELETE", "/control/load?username=slow_bot")
    said = place.control_api("GET", "/control/load?username=slow_bot")["said"]
    assert len(said) > PER_SECOND * 5
    until(lambda: len(place.answered()) >= len(said))
    assert sorted(place.answered()) == sorted(message["text"] for message in said)
    assert place.control_api("GET", "/control/polls?username=slow_bot")["overlaps"] == 0

    # What the deaf one was handed is lost with it, but nothing that comes after that.
    place.control_api("POST", "/control/load", LOAD)
    code, deaf = run(place, capsys, image=place.images["deaf"], health_timeout=6)
    assert (code, deaf["failure"]["restored"]) == (1, True), deaf
    assert "last poll" in deaf["failure"]["found"]
    assert place.running() == {place.container(1): new, place.container(2): new}
    until(lambda: place.active() == active_now)


def test_pollers_enter_and_return_without_loss(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code, done = run(place, capsys, image=place.images["1"])
    assert code == 0, done
    until(lambda: place.active() is not None)
    place.control_api("POST", "/control/load", {**LOAD, "text": "prepared"})
    both = [place.container(number) for number in (1, 2)]
    old, new = place.images["1"], place.images["2"]
    keeping = {"prepared": True, "keep_previous": True}

    for number in (1, 2):
        place.make(number, "2", "create", suffix="-next")
    code, foreseen = run(place, capsys, **keeping, _ansible_check_mode=True)
    assert (code, foreseen["changed"]) == (0, True)
    former = place.container(int(str(place.active())[-1]))
    code, done = run(place, capsys, **keeping)
    standby = both[1 - both.index(former)]
    expected = [("recreate", standby), ("hand_over", former), ("recreate", former)]
    assert (code, actions(done, "steps"), done["plan"]) == (0, expected, foreseen["plan"]), done
    kept = {f"{name}-previous": old for name in both}
    assert place.running() == {**dict.fromkeys(both, new), **kept}
    assert run(place, capsys, **keeping)[1]["changed"] is False

    # Interrupted when one had left its place, and what was prepared had not entered it.
    until(lambda: place.active() is not None)
    aside = both[0] if str(place.active()).endswith("2") else both[1]
    docker("stop", aside)
    docker("rename", aside, f"{aside}-next")
    code, done = run(place, capsys, **keeping)
    assert (code, actions(done, "steps")) == (0, [("recreate", aside)]), done
    assert place.running() == {**dict.fromkeys(both, new), **kept}

    until(lambda: place.active() is not None)
    code, done = run(place, capsys, state="returned")
    assert [step["action"] for step in done["steps"]] == ["return", "hand_over", "return"]
    assert (code, place.running()) == (0, dict.fromkeys(both, old)), done

    until(lambda: place.active() is not None)
    place.control_api("DELETE", "/control/load?username=slow_bot")
    said = place.control_api("GET", "/control/load?username=slow_bot")["said"]
    wanted = sorted(str(each["text"]) for each in said if str(each["text"]).startswith("prepared"))
    assert wanted
    until(lambda: set(wanted) <= set(place.answered()))
    assert sorted(text for text in place.answered() if text.startswith("prepared")) == wanted
