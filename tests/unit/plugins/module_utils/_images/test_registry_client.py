"""A registry's answers; the registry is a real HTTP server."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._images.registry_client import (
    Registry,
    RegistryError,
)

ANSWERS = {
    "GET /v2/bot/tags/list": (
        200,
        {"Link": '</v2/bot/tags/list?last=b&n=2>; rel="next"'},
        '{"tags":["a","b"]}',
    ),
    "GET /v2/bot/tags/list?last=b&n=2": (200, {}, '{"tags":["c"]}'),
    "GET /v2/empty/tags/list": (200, {}, '{"name":"empty","tags":null}'),
    "GET /v2/odd/tags/list": (200, {}, "<html>"),
    "HEAD /v2/bot/manifests/a": (200, {"Docker-Content-Digest": "sha256:1"}, ""),
    "HEAD /v2/bot/manifests/locked": (401, {}, ""),
    "DELETE /v2/bot/manifests/sha256:1": (202, {}, ""),
    "DELETE /v2/bot/manifests/sha256:2": (405, {}, ""),
}


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = ANSWERS.get(f"{self.command} {self.path}", (404, {}, ""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    do_HEAD = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Registry(f"http://127.0.0.1:{server.server_port}/", 5)
        server.shutdown()


@pytest.mark.parametrize(("repository", "tags"), [("bot", ["a", "b", "c"]), ("empty", []), ("none", [])])
def test_all_tags_are_listed(registry: Registry, repository: str, tags: list[str]) -> None:
    assert registry.tags(repository) == tags


def test_what_is_gone_is_no_fault(registry: Registry) -> None:
    assert (registry.digest("bot", "a"), registry.digest("bot", "b")) == ("sha256:1", None)
    registry.delete("bot", "sha256:1")
    registry.delete("bot", "sha256:9")


def test_what_is_no_usable_answer_is_said(registry: Registry) -> None:
    with pytest.raises(RegistryError, match=r"expected a list of tags of .*odd.*, found none"):
        registry.tags("odd")
    with pytest.raises(RegistryError, match=r"expected 200 or 404 of .*locked, found 401"):
        registry.digest("bot", "locked")
    with pytest.raises(RegistryError, match=r"found 405\. Allow it .*REGISTRY_STORAGE_DELETE_ENABLED=true"):
        registry.delete("bot", "sha256:2")
    with pytest.raises(RegistryError, match=r"expected an answer of http://127\.0\.0\.1:9/v2/"):
        Registry("http://127.0.0.1:9", 1).wait(0.2)
