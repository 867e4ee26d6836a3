"""What a registry's answers amount to; the registry is a real HTTP server."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._images.registry_client import (
    Registry,
    RegistryError,
)
from ansible_collections.aisha.cluster.plugins.modules.image_digest_info import digest

THERE = "sha256:" + "a" * 64


class Server(http.server.BaseHTTPRequestHandler):
    """Has one image, and answers badly about others."""

    def do_HEAD(self) -> None:
        accepted = "application/vnd.oci.image.index.v1+json" in self.headers["Accept"]
        status = {
            "/v2/team/bot/manifests/1.0": 200 if accepted else 404,
            f"/v2/team/bot/manifests/{THERE}": 200,
            "/v2/bot/manifests/mute": 200,
            "/v2/bot/manifests/locked": 401,
        }.get(self.path, 404)
        self.send_response(status)
        if self.path.endswith(("1.0", THERE)):
            self.send_header("Docker-Content-Digest", THERE)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("image", "expected"), [("team/bot:1.0", THERE), ("team/bot:2.0", None), (f"team/bot@{THERE}", THERE)]
)
def test_an_image_has_its_digest_or_is_not_there(registry: str, image: str, expected: str | None) -> None:
    assert digest(Registry(registry, 5), image) == expected


@pytest.mark.parametrize(
    ("image", "message"),
    [("bot:locked", "or 404 of .*, found 401"), ("bot:mute", "Docker-Content-Digest of .*, found none")],
)
def test_any_other_answer_is_an_error(registry: str, image: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        digest(Registry(registry, 5), image)


def test_a_registry_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(RegistryError, match=r"expected an answer of http://127\.0\.0\.1:9/v2"):
        digest(Registry("http://127.0.0.1:9", 2), "bot:1")
