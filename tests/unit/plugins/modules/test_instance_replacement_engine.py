"""The module against this machine's engine: real containers, real connections, and an engine's own words.
Needs Docker, and the image that is named below."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import instance_replacement
from local_engine import docker, needs

IMAGE = "python:3.11-slim-bookworm"
PORT = 8001
# Answers each request with its version, but for what a broken one does; TERM ends it.
SERVER = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        said = os.environ["VERSION"].encode()
        self.send_response(500 if said == b"faulty" else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *_words):
        pass
class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        import socket
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("started with", os.environ["APP_PASSWORD"], flush=True)
if os.environ["VERSION"] == "crashing":
    sys.exit("no module named app")
Server(("", int(sys.argv[1])), Handler).serve_forever()
"""


pytestmark = needs(IMAGE, root=True)


@dataclass
class Place:
    """A place for one container, with a password that nobody may read."""

    cluster: str
    port: int
    password: str
    network: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.cluster}-webhook-api-1"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def make(
        self,
        version: str,
        suffix: str = "",
        *,
        check: str = "true",
        verb: str = "create",
        by_hand: bool = False,
    ) -> None:
        listens = self.port if self.network[0] == "--network=host" else PORT
        options = ("--restart", "unless-stopped", "--stop-timeout", "5", *self.network)
        ours = ("--label", f"aisha.cluster={self.cluster}", "--label", "aisha.component=webhook-api")
        labels = () if by_hand else ours
        health = (
            ("--health-cmd", check, "--health-interval", "0.5s", "--health-retries", "2") if check else ()
        )
        docker(
            *(verb, *(("-d",) if verb == "run" else ()), "--name", self.name + suffix, *options, *labels),
            *(*health, "-e", f"VERSION={version}", "-e", f"APP_PASSWORD={self.password}"),
            *(IMAGE, "python3", "-c", SERVER, str(listens)),
        )
        if verb == "run":
            until_answered(self.port)

    def containers(self) -> dict[str, tuple[str, bool]]:
        """Version of each container, and whether it runs, by what comes after the name."""
        names = docker("ps", "-aq", "--filter", f"name=^/{self.cluster}-").split()
        found = {}
        for one in json.loads(docker("inspect", *names)) if names else ():
            version = next(line for line in one["Config"]["Env"] if line.startswith("VERSION="))
            suffix = one["Name"].lstrip("/").removeprefix(self.name)
            found[suffix] = (version.partition("=")[2], bool(one["State"]["Running"]))
        return found

    def clear(self) -> None:
        names = docker("ps", "-aq", "--filter", f"name=^/{self.cluster}-").split()
        if names:
            docker("rm", "-f", "-v", *names)


def until_answered(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with connected("127.0.0.1", port):
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def connected(host: str, port: int) -> Iterator[socket.socket]:
    """Be connected, with one request answered."""
    with socket.create_connection((host, port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        if not client.recv(1000):
            raise ConnectionResetError
        yield client


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def placed(*network: str) -> Iterator[Place]:
    port = free_port()
    network = network or ("-p", f"127.0.0.1:{port}:{PORT}")
    here = Place(f"replace-test-{secrets.token_hex(3)}", port, secrets.token_urlsafe(12), network)
    try:
        yield here
    finally:
        here.clear()


def run(
    place: Place, capsys: pytest.CaptureFixture[str], state: str, **arguments: Any
) -> tuple[int, dict[str, Any]]:
    asked = {"cluster_name": place.cluster, "state": state, "health_timeout": 15, **arguments}
    if state != "settled":
        asked["name"] = place.name
    with patch_module_args(asked), pytest.raises(SystemExit) as exited:
        instance_replacement.main()
    printed = capsys.readouterr().out
    assert place.password not in printed
    return int(exited.value.code or 0), dict(json.loads(printed))


def test_an_update_is_replaced_kept_returned_and_settled(capsys: pytest.CaptureFixture[str]) -> None:
    """One story, since what each run finds is what the one before it left."""
    with placed() as place:
        place.make("1", verb="run")
        place.make("2", "-next")
        asked = {"drained_port": PORT, "warm_url": place.url}
        code, foreseen = run(place, capsys, "replaced", **asked, _ansible_check_mode=True)
        assert (code, foreseen["changed"]) == (0, True)
        assert place.containers() == {"": ("1", True), "-next": ("2", False)}
        code, done = run(place, capsys, "replaced", **asked)
        assert (code, done["plan"], done["diff"]) == (0, foreseen["plan"], foreseen["diff"]), done
        assert place.containers() == {"": ("2", True), "-previous": ("1", False)}
        assert done["steps"]["drained"] is True
        assert done["to_digest"] == done["from_digest"] != ""
        for check_mode in (True, False):
            code, again = run(place, capsys, "replaced", **asked, _ansible_check_mode=check_mode)
            assert (code, again["changed"]) == (0, False)

        # Not settled, so that the first one is what comes back.
        place.make("3", "-next", check="")
        code, done = run(place, capsys, "replaced", **asked)
        assert (code, place.containers()) == (0, {"": ("3", True), "-previous": ("1", False)}), done
        assert done["steps"]["healthy_s"] >= 2
        for version, words in (("crashing", "no module named app"), ("faulty", "status 500")):
            place.make(version, "-next")
            code, failed = run(place, capsys, "replaced", **asked)
            assert (code, place.containers()) == (1, {"": ("1", True)})
            assert failed["failure"]["restored"] is True
            assert words in failed["msg"]
            assert "started with ***" in failed["failure"]["log"]

        place.make("4", "-next")
        assert run(place, capsys, "replaced", **asked)[0] == 0
        code, done = run(place, capsys, "restarted", **asked)
        assert (code, place.containers()) == (0, {"": ("4", True), "-previous": ("1", False)}), done
        code, done = run(place, capsys, "returned", **asked)
        assert (code, done["changed"], place.containers()) == (0, True, {"": ("1", True)}), done
        assert run(place, capsys, "returned", **asked)[1]["changed"] is False

        place.make("5", "-next")
        place.make("1", "-previous")
        code, done = run(place, capsys, "settled")
        assert (code, done["changed"], place.containers()) == (0, True, {"": ("1", True)})
        assert run(place, capsys, "settled")[1]["changed"] is False


def test_one_that_is_never_healthy_makes_room_again(capsys: pytest.CaptureFixture[str]) -> None:
    with placed() as place:
        place.make("1", verb="run")
        place.make("2", "-next", check="echo no $APP_PASSWORD here; exit 1")
        code, failed = run(place, capsys, "replaced", health_timeout=2.5)
        assert (code, place.containers()) == (1, {"": ("1", True)})
        assert failed["failure"]["found"].startswith("its health unhealthy: no ")
        assert "The previous container is back and healthy." in failed["msg"]


def test_connections_are_waited_for_and_given_up_at_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    with placed() as place:
        place.make("1", verb="run")
        # A connection of the container with itself is none to wait for.
        inner = f"import socket, time; s = socket.create_connection(('127.0.0.1', {PORT})); time.sleep(60)"
        docker("exec", "-d", place.name, "python3", "-c", inner)
        address = docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", place.name)
        with connected(address, PORT) as client:
            # Asked again, and not answered yet; one that was only kept alive would not be waited for.
            client.sendall(b"GET / ")
            asked = {"drained_port": PORT, "drain_timeout": 1}
            code, done = run(place, capsys, "restarted", **asked)
            assert (code, done["steps"]["drained"], done["steps"]["connections_left"]) == (0, False, 1)
            assert 1 <= done["steps"]["drain_s"] < 3
        until_answered(place.port)
        docker("exec", "-d", place.name, "python3", "-c", inner)
        time.sleep(0.5)
        code, done = run(place, capsys, "restarted", drained_port=PORT)
        assert (code, done["steps"]["drained"]) == (0, True)
        assert done["steps"]["drain_s"] < 5


def test_an_interrupted_swap_is_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    with placed() as place:
        place.make("1", "-previous", verb="run")
        docker("stop", f"{place.name}-previous")
        place.make("2", "-next")
        code, done = run(place, capsys, "replaced", warm_url=place.url)
        assert (code, place.containers()) == (0, {"": ("2", True), "-previous": ("1", False)}), done
        # As if it had ended while a bad one made room.
        docker("rm", "-f", place.name)
        code, done = run(place, capsys, "replaced", warm_url=place.url)
        assert (code, place.containers()) == (0, {"": ("1", True)}), done


def test_two_that_share_a_port_leave_no_moment_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    with placed("--network=host") as place:
        place.make("1", verb="run")
        place.make("2", "-next")
        code, done = run(place, capsys, "replaced", overlap=True, warm_url=place.url)
        assert (code, place.containers()) == (0, {"": ("2", True), "-previous": ("1", False)}), done
        started, ended = (
            docker("inspect", "-f", f"{{{{.State.{at}}}}}", place.name + suffix)
            for at, suffix in (("StartedAt", ""), ("FinishedAt", "-previous"))
        )
        assert started < ended
        code, done = run(place, capsys, "returned", overlap=True)
        assert (code, place.containers()) == (0, {"": ("1", True)}), done


def test_what_was_started_by_hand_makes_room_and_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with placed() as place:
        place.make("1", verb="run", by_hand=True)
        place.make("2", "-next")
        asked = {"drained_port": PORT, "warm_url": place.url}
        code, done = run(place, capsys, "replaced", **asked)
        assert (code, place.containers()) == (0, {"": ("2", True), "-previous": ("1", False)}), done
        code, done = run(place, capsys, "returned", **asked)
        assert (code, place.containers()) == (0, {"": ("1", True)}), done

        # As a poller is, whose place has to be empty before anything takes it.
        code, done = run(place, capsys, "set_aside")
        assert (code, done["changed"], place.containers()) == (0, True, {"-previous": ("1", False)}), done
        place.make("3", verb="run")
        for expected in (True, False):
            code, done = run(place, capsys, "settled")
            assert (code, done["changed"]) == (0, expected), done
        kept = f"-by-hand-{docker('ps', '-aqf', f'name={place.name}-by-hand', '--no-trunc')[:6]}"
        assert place.containers() == {"": ("3", True), kept: ("1", False)}
        policy = docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", place.name + kept)
        assert policy == "no"


def test_a_container_of_another_cluster_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with placed() as place:
        place.make("1", verb="run")
        code, failed = run(place, capsys, "set_aside", cluster_name="another")
        assert (code, failed["failure"]["reason"]) == (1, "refused_to_begin")
        assert f"found one of the cluster {place.cluster}" in failed["msg"]
        assert place.containers() == {"": ("1", True)}
