"""The questions that a host is asked; who is asked is a real HTTP server, or nobody."""

from __future__ import annotations

import email.utils
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import EngineError
from ansible_collections.aisha.cluster.plugins.module_utils._pollers.model import (
    Conflicts,
    Look,
    describe,
)
from ansible_collections.aisha.cluster.plugins.module_utils._preflight import probes as _host_readiness
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.engine_snapshot import EngineSeen
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.probes import Bot, Host
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.rules import Limits

NOBODY = "http://127.0.0.1:9"
REFUSED = "no connection (Connection refused)"
REGISTRY = {"Names": ["/aisha-registry"], "State": "exited", "Labels": {"aisha.cluster": "aisha"}}
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one answer to every request; returns the address."""
    servers: list[http.server.HTTPServer] = []

    def start(status: int = 200, body: str = "{}", ahead_s: float = 0.0, dated: bool = True) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(status)
                if dated:
                    self.send_header("Date", email.utils.formatdate(time.time() + ahead_s, usegmt=True))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def no_engine() -> Any:
    raise EngineError("unreachable", "Connection refused", expected="an answer")


def host(**seen: Any) -> Host:
    return Host(EngineSeen("aisha", **seen), no_engine, 4)


@pytest.mark.parametrize(
    ("ahead_s", "status"),
    [(0, "passed"), (10, "warned"), (-10, "warned"), (100, "failed"), (-100, "failed")],
)
def test_the_clock_is_compared(ahead_s: float, status: str, serve: Serve) -> None:
    (check,) = host().clock(serve(ahead_s=ahead_s), Limits(2, 30))
    assert check.status == status
    if ahead_s:
        assert ("behind" if ahead_s > 0 else "ahead") in check.found


def test_a_clock_that_can_not_be_compared_is_said(serve: Serve) -> None:
    limits, undated = Limits(2, 30), serve(dated=False)
    found = [host().clock(url, limits)[0] for url in (NOBODY, undated)]
    assert {check.status for check in found} == {"skipped"}
    assert [check.found for check in found] == [
        f"{NOBODY} can't be asked: {REFUSED}",
        f"{undated} doesn't tell the time",
    ]


@pytest.mark.parametrize(
    ("status", "expected", "found"),
    [
        (200, "passed", "answers 200"),
        (404, "passed", "answers 404"),
        (407, "failed", "a proxy that asks for a login (407)"),
    ],
)
def test_any_answer_shows_the_way(status: int, expected: str, found: str, serve: Serve) -> None:
    (check,) = host().outgoing(serve(status))
    assert (check.status, check.found) == (expected, found)


@pytest.mark.parametrize(
    ("url", "found", "advice"),
    [
        (NOBODY, REFUSED, "routes, firewall, proxy"),
        ("http://nowhere.invalid", "a name that can't be resolved", "resolv.conf"),
    ],
)
def test_a_way_that_is_closed_is_named(url: str, found: str, advice: str) -> None:
    (check,) = host().outgoing(url)
    assert check.status == "failed"
    assert found in check.found
    assert advice in check.advice


def test_a_server_without_tls_is_named(serve: Serve) -> None:
    (check,) = host().outgoing(serve().replace("http:", "https:"))
    assert (check.status, check.found[:6]) == ("failed", "no TLS")
    assert "CA certificates" in check.advice


IMAGES = [{"Id": "a", "RepoTags": ["nginx:1"]}]


@pytest.mark.parametrize(
    ("images", "status", "expected"),
    [(["nginx:1"], "warned", "an answer"), (["nginx:1", "redis:7"], "failed", "an answer, to pull redis:7")],
)
def test_a_registry_that_is_away_matters_when_images_are_lacking(
    images: list[str], status: str, expected: str
) -> None:
    (check,) = host(images=IMAGES).image_registry("127.0.0.1:9", images, [])
    assert (check.status, check.expected, check.found) == (
        status,
        expected,
        f"https://127.0.0.1:9/v2/: {REFUSED}",
    )


def test_the_first_mirror_that_answers_will_do(serve: Serve) -> None:
    answers = serve()
    info = {"RegistryConfig": {"Mirrors": [NOBODY]}}
    (check,) = host(info=info).image_registry("docker.io", ["redis:7"], [answers])
    assert (check.status, check.found) == ("passed", f"{answers}/v2/ answers 200")


@pytest.mark.parametrize(
    ("containers", "container", "status", "advice"),
    [
        ([], "aisha-registry", "skipped", ""),
        ([], "", "skipped", ""),
        ([REGISTRY], "aisha-registry", "failed", "docker start aisha-registry"),
        # On a host of a cluster that runs there is one somewhere.
        ([{**REGISTRY, "Names": ["/aisha-worker-1"]}], "", "failed", "registry_bind_address"),
        ([{**REGISTRY, "Names": ["/aisha-worker-1"]}], "aisha-registry", "skipped", ""),
    ],
)
def test_the_own_registry_is_missed_where_it_was(
    containers: list[dict[str, Any]], container: str, status: str, advice: str
) -> None:
    (check,) = host(containers=containers).registry(NOBODY, "localhost:5000", container, [])
    assert check.status == status
    assert advice in check.advice


def test_the_own_registry_answers(serve: Serve) -> None:
    (check,) = host().registry(serve(), "localhost:5000", "aisha-registry", [])
    assert (check.status, check.found) == ("passed", "answers")


@pytest.mark.parametrize(
    ("insecure", "status"), [([], "failed"), (["10.0.0.1:5001"], "failed"), (["10.0.0.1:5000"], "passed")]
)
def test_an_engine_that_wants_tls_of_the_own_registry_is_named(
    insecure: list[str], status: str, serve: Serve
) -> None:
    config = {"RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"]}}
    (check,) = host(info=config).registry(serve(), "10.0.0.1:5000", "", insecure)
    assert check.status == status
    assert ("docker_engine_daemon_config" in check.advice) is (status == "failed")


def test_an_engine_that_can_not_run_the_services_check_is_said() -> None:
    (check,) = host().services("image", [], {})
    assert (check.status, check.found, check.check) == ("failed", "Connection refused", "service")


def bot(token: str, url: str, username: str = "") -> Bot:
    return Bot(token, url, username, 300)


def test_a_token_that_is_refused_does_not_hide_a_stranger(
    token: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Look({"Name": "/p-1", "State": {"Status": "running"}, "Config": {}})
    poller = describe(look)
    object.__setattr__(poller, "conflicts", Conflicts(2, 1.0))
    monkeypatch.setattr(_host_readiness, "pollers_of", lambda *_words, **_more: [poller])
    body = json.dumps({"ok": False, "error_code": 401, "description": "Unauthorized"})
    found = host(info={"ServerVersion": "1"}).bot(bot(token, serve(401, body)))
    assert [(check.check, check.status) for check in found] == [
        ("bot_token", "failed"),
        ("other_poller", "failed"),
    ]
    assert "revoked" in found[0].advice
    assert token.partition(":")[2] not in repr(found)


@pytest.mark.parametrize(
    ("changes", "username", "expected"),
    [
        ({}, "", {"bot_token": "passed", "bot_webhook": "passed", "waiting_updates": "passed"}),
        ({}, "@Aisha_bot", {"bot_token": "passed", "bot_webhook": "passed", "waiting_updates": "passed"}),
        ({}, "other_bot", {"bot_token": "failed"}),
        (
            {"url": "https://x"},
            "",
            {"bot_token": "passed", "bot_webhook": "failed", "waiting_updates": "passed"},
        ),
        (
            {"pending_update_count": 500},
            "",
            {"bot_token": "passed", "bot_webhook": "passed", "waiting_updates": "warned"},
        ),
    ],
)
def test_a_bot_before_anything_is_deployed(
    changes: dict[str, Any],
    username: str,
    expected: dict[str, str],
    token: str,
    me: dict[str, Any],
    serve: Serve,
) -> None:
    # One answer serves both questions.
    url = serve(body=json.dumps({"ok": True, "result": me | changes}))
    found = host().bot(bot(token, url, username))
    assert {check.check: check.status for check in found} == expected


def test_an_engine_that_does_not_tell_of_pollers_is_said(token: str) -> None:
    found = host(info={"ServerVersion": "1"}).bot(bot(token, NOBODY))
    assert [(check.check, check.found) for check in found] == [
        ("bot_token", REFUSED),
        ("other_poller", "Connection refused"),
    ]
