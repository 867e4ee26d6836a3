"""Where images come from."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._images.references import (
    addresses,
    by_registry,
    registry_of,
    speaks_plainly,
)

HUB = "https://registry-1.docker.io/v2/"


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx:1.22", "docker.io"),
        ("team/bot@sha256:12", "docker.io"),
        ("docker.io/library/nginx", "docker.io"),
        ("index.docker.io/team/bot", "docker.io"),
        ("localhost/bot", "localhost"),
        ("localhost:5000/bot:1", "localhost:5000"),
        ("ghcr.io/team/bot:1.2.3", "ghcr.io"),
    ],
)
def test_registries_are_told_as_an_engine_does(image: str, registry: str) -> None:
    assert registry_of(image) == registry


def test_the_own_registry_is_left_out() -> None:
    images = ["nginx:1", "own:5000/bot", "redis:7", "nginx:1", "ghcr.io/a"]
    assert by_registry(images, "own:5000") == {"docker.io": ["nginx:1", "redis:7"], "ghcr.io": ["ghcr.io/a"]}


@pytest.mark.parametrize(
    ("registry", "asked"),
    [
        ("docker.io", ["http://mirror:5000/v2/", HUB]),
        ("ghcr.io", ["https://ghcr.io/v2/"]),
        ("plain:5000", ["https://plain:5000/v2/", "http://plain:5000/v2/"]),
    ],
)
def test_mirrors_come_first(registry: str, asked: list[str]) -> None:
    assert addresses(registry, ["http://mirror:5000/", "http://mirror:5000/"], {"plain:5000"}) == asked


@pytest.mark.parametrize(
    ("registry", "plain"),
    [
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("[::1]:5000", True),
        ("10.0.0.1:5000", True),
        ("10.0.0.2:5000", False),
        ("10.1.2.3:5000", True),
        ("hub.example.com:5000", False),
        ("named.example.com", True),
        ("named.example.com:5000", True),
    ],
)
def test_what_an_engine_asks_without_tls(registry: str, plain: bool) -> None:
    assert speaks_plainly(registry, ["10.0.0.1:5000", "10.1.0.0/16", "named.example.com"]) is plain
