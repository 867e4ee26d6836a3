"""The module against this machine's engine: its own words for health, restarts and times.
Needs Docker, and the image that is named below."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import instance_info
from local_engine import docker, needs

IMAGE = "python:3.11-slim-bookworm"
RUN = "exec sleep 600"
SAY = 'echo "started with $APP_PASSWORD"; '
CHECKED = ("--health-interval", "0.5s", "--health-retries", "2", "--health-cmd")


pytestmark = needs(IMAGE)


class Cluster:
    """Containers of one cluster, with a password that nobody may read."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.name = f"info-test-{secrets.token_hex(3)}"
        self.password = secrets.token_urlsafe(12)
        self.capsys = capsys

    def make(
        self, name: str, script: str = RUN, *options: str, component: str = "worker", verb: str = "run"
    ) -> None:
        labels = ("--label", f"aisha.cluster={self.name}", "--label", f"aisha.component={component}")
        docker(
            *(verb, *(("-d",) if verb == "run" else ()), "--name", f"{self.name}-{name}", *labels),
            *("--init", "-e", f"APP_PASSWORD={self.password}", *options, IMAGE, "sh", "-c", SAY + script),
        )

    def until(self, name: str, template: str, reached: Callable[[str], bool]) -> None:
        deadline = time.monotonic() + 20
        while not reached(docker("inspect", "-f", template, f"{self.name}-{name}")):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def run(self, *names: str, **arguments: Any) -> dict[str, Any]:
        asked = {"names": [f"{self.name}-{name}" for name in names]} if names else {}
        options = {"cluster_name": self.name, **asked, **arguments}
        with patch_module_args(options), pytest.raises(SystemExit) as exited:
            instance_info.main()
        printed = self.capsys.readouterr().out
        assert self.password not in printed
        result: dict[str, Any] = json.loads(printed.replace(f"{self.name}-", ""))
        assert (exited.value.code, result["changed"]) == (0, False)
        return result

    def clear(self) -> None:
        names = docker("ps", "-aq", "--filter", f"label=aisha.cluster={self.name}").split()
        if names:
            docker("rm", "-f", "-v", *names)


@pytest.fixture
def cluster(capsys: pytest.CaptureFixture[str]) -> Iterator[Cluster]:
    made = Cluster(capsys)
    try:
        yield made
    finally:
        made.clear()


def test_a_cluster_becomes_well_and_is_steady(cluster: Cluster) -> None:
    cluster.make("worker-1", f"sleep 1; touch /tmp/up; {RUN}", *CHECKED, "test -e /tmp/up")
    # What an update keeps and prepares beside an instance, and what isn't asked for.
    cluster.make("worker-1-previous", verb="create")
    cluster.make("worker-1-next", verb="create")
    cluster.make("worker-1-trial", "exit 1", component="trial")
    cluster.make("nginx-1", component="nginx")
    result = cluster.run(healthy_within=20, steady_for=3)
    assert (result["problems"], [each["name"] for each in result["instances"]]) == (
        [],
        ["nginx-1", "worker-1"],
    )
    assert [each["health"] for each in result["instances"]] == [None, "healthy"]
    assert 1 < result["waited_s"] < 15
    assert all(3 <= each["age_s"] < 20 for each in result["instances"])
    assert {each["image"] for each in result["instances"]} == {IMAGE}
    again = cluster.run(healthy_within=20, steady_for=3)
    assert (again["problems"], again["waited_s"] < 1) == ([], True)


def test_waiting_for_health_is_given_up_at_the_limit(cluster: Cluster) -> None:
    cluster.make("worker-1", RUN, *CHECKED, "exit 1")
    result = cluster.run(healthy_within=5)
    (problem,) = result["problems"]
    assert problem == {
        "name": "worker-1",
        "component": "worker",
        "running": True,
        "expected": "it to be healthy within 5 s",
        "found": "that it is unhealthy",
        "last_lines": "started with ***",
        "message": "worker-1: expected it to be healthy within 5 s, found that it is unhealthy. "
        "Its last lines: started with ***",
    }
    assert 5 <= result["waited_s"] < 10


def test_one_that_has_exited_and_one_that_is_missing_end_it_at_once(cluster: Cluster) -> None:
    cluster.make("worker-1", "exit 3")
    cluster.make("worker-2")
    cluster.until("worker-1", "{{.State.Status}}", lambda word: word == "exited")
    result = cluster.run("worker-1", "worker-2", "worker-3", healthy_within=60, steady_for=60)
    assert result["waited_s"] < 2
    seen = {each["name"]: (each["state"], each["exit_code"], each["age_s"]) for each in result["instances"]}
    assert seen["worker-1"] == ("exited", 3, None)
    assert seen["worker-2"][:2] == ("running", None)
    found = {each["name"]: (each["running"], each["message"]) for each in result["problems"]}
    ended = "worker-1: expected it to be healthy within 60 s, found that it is exited, exit code 3."
    assert found == {
        "worker-1": (False, f"{ended} Its last lines: started with ***"),
        "worker-3": (False, "worker-3: expected a container of that name, found none."),
    }


def test_one_that_was_started_again_is_a_problem_until_it_has_run_for_long(cluster: Cluster) -> None:
    """It ends once, and then goes on."""
    once = f"test -e /tmp/again && {RUN}; touch /tmp/again; sleep 1; exit 7"
    cluster.make("worker-1", once, "--restart", "unless-stopped")
    result = cluster.run(steady_for=4)
    (problem,) = result["problems"]
    again = "expected it to run for 4 s without a restart, found that it ended and was started again once."
    assert problem["message"].startswith(f"worker-1: {again} Its last lines: started with ***")
    assert (problem["running"], result["waited_s"] < 4) == (False, True)
    time.sleep(5)
    result = cluster.run(steady_for=4)
    assert (result["problems"], result["instances"][0]["restarts"]) == ([], 1)
    # Who starts it on purpose begins anew.
    docker("restart", "-t", "5", f"{cluster.name}-worker-1")
    result = cluster.run(steady_for=2)
    assert (result["problems"], result["instances"][0]["restarts"]) == ([], 0)
    assert 1 <= result["waited_s"] < 4


def test_one_that_ends_again_and_again(cluster: Cluster) -> None:
    cluster.make("worker-1", "exit 1", "--restart", "unless-stopped")
    cluster.until("worker-1", "{{.RestartCount}}", lambda count: int(count) > 1)
    result = cluster.run(steady_for=30)
    (problem,) = result["problems"]
    assert "found that it ended and was started again " in problem["message"]
    assert (problem["running"], result["waited_s"] < 2) == (False, True)
    while (instance := cluster.run()["instances"][0])["state"] != "restarting":
        assert instance["restarts"] < 20
    words = f"that it ends and is started again ({instance['restarts']} times, exit code 1)"
    assert (instance["exit_code"], instance["problem"]) == (1, words)


def test_no_engine_is_the_failure(capsys: pytest.CaptureFixture[str]) -> None:
    options = {"docker_host": "unix:///run/there-is-none.sock"}
    with patch_module_args(options), pytest.raises(SystemExit) as exited:
        instance_info.main()
    result = json.loads(capsys.readouterr().out)
    assert (exited.value.code, result["failure"]["reason"]) == (1, "unreachable")


def test_what_containers_use(cluster: Cluster) -> None:
    memory = ("--memory", "64m", "--memory-swap", "64m")
    cluster.make("worker-1", "while :; do :; done", *memory, "--cpus", "0.5")
    cluster.make("worker-2", "exec python3 -c 'import time; kept = bytes(32 * 2**20); time.sleep(600)'")
    cluster.until("worker-2", "{{.State.Status}}", lambda state: state == "running")
    time.sleep(1)
    if " 0B / 0B " in docker("stats", "--no-stream", f"{cluster.name}-worker-2"):
        pytest.skip("this engine can't read what containers use")
    busy, large = cluster.run(resources=True)["instances"]
    assert (busy["memory_limit_bytes"], large["memory_limit_bytes"]) == (64 * 2**20, None)
    # The engine's limit, as far as so short a time shows it.
    assert 25 <= busy["cpu_pct"] <= 90
    assert 0 < busy["memory_bytes"] < 32 * 2**20 <= large["memory_bytes"] < 200 * 2**20
    docker("stop", "-t", "0", f"{cluster.name}-worker-1")
    stopped, _large = cluster.run(resources=True)["instances"]
    assert (stopped["memory_bytes"], stopped["cpu_pct"]) == (None, None)
