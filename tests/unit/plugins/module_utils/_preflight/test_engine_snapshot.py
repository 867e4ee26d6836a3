"""What an engine has of a cluster; the engine is stood in for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import EngineError
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.engine_snapshot import EngineSeen, look

MIB = 1 << 20


def container(name: str, component: str, **more: Any) -> dict[str, Any]:
    labels = {"aisha.cluster": "aisha", "aisha.component": component}
    return {"Names": [f"/{name}"], "State": "running", "Labels": labels, **more}


SEEN = EngineSeen(
    "aisha",
    {
        "ServerVersion": "27.1",
        "DockerRootDir": "/data/docker",
        "RegistryConfig": {
            "Mirrors": ["http://mirror/"],
            "InsecureRegistryCIDRs": ["127.0.0.0/8"],
            "IndexConfigs": {"docker.io": {"Secure": True}, "plain:5000": {"Secure": False}},
        },
    },
    [
        container("aisha-webhook-api-1", "webhook-api", ImageID="web"),
        container("aisha-webhook-api-2", "webhook-api", ImageID="web"),
        container("aisha-worker-1", "worker", ImageID="bot", State="exited"),
        container("aisha-nginx-prod", "nginx", ImageID="nginx"),
        {"Names": ["/stranger"], "State": "running", "Labels": None, "ImageID": "other"},
    ],
    [
        {"Id": "web", "Size": 100 * MIB, "RepoTags": None, "RepoDigests": ["localhost:5000/web@sha256:12"]},
        {"Id": "bot", "Size": 200 * MIB, "RepoTags": ["localhost:5000/bot:1"]},
        {"Id": "nginx", "Size": 50 * MIB, "RepoTags": ["nginx:1.22", "nginx:latest"]},
        {"Id": "other", "Size": 900 * MIB, "RepoTags": ["other:1"]},
    ],
)


def test_a_release_is_what_the_application_was_made_with() -> None:
    assert SEEN.release_bytes() == 300 * MIB
    assert EngineSeen("shop", SEEN.info, SEEN.containers, SEEN.images).release_bytes() == 0


def test_what_there_is_of_the_cluster() -> None:
    assert SEEN.running() == {"aisha-webhook-api-1", "aisha-webhook-api-2", "aisha-nginx-prod"}
    assert (SEEN.deployed, SEEN.has("stranger"), SEEN.has("aisha-registry")) == (True, True, False)
    assert not EngineSeen("shop", SEEN.info, SEEN.containers).deployed


def test_what_the_engine_says_of_itself() -> None:
    assert (SEEN.root, SEEN.mirrors, SEEN.insecure) == (
        "/data/docker",
        ["http://mirror/"],
        {"plain:5000", "127.0.0.0/8"},
    )
    none = EngineSeen("aisha")
    assert (none.answers, none.root, none.mirrors, none.insecure) == (False, "/var/lib/docker", [], set())


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("nginx:1.22", True),
        ("docker.io/library/nginx:1.22", True),
        ("nginx", True),
        ("nginx:1.23", False),
        ("localhost:5000/web@sha256:12", True),
        ("localhost:5000/web@sha256:34", False),
        ("localhost:5000/bot", False),
    ],
)
def test_images_are_known_by_any_of_their_names(image: str, there: bool) -> None:
    assert SEEN.has_image(image) is there


class Engine:
    def info(self) -> dict[str, Any]:
        return SEEN.info

    def containers(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        assert labels == {}
        return list(SEEN.containers)

    def images(self) -> list[dict[str, Any]]:
        return list(SEEN.images)


def failing(reason: str) -> Callable[[], Any]:
    def connect() -> Any:
        raise EngineError(reason, "Connection refused", expected="an answer")

    return connect


def test_an_engine_that_answers_is_seen() -> None:
    seen, check = look(Engine, "aisha", [])  # type: ignore[arg-type] # in place of the engine
    assert seen == SEEN
    assert (check.status, check.found) == ("passed", "Docker Engine 27.1")


@pytest.mark.parametrize(
    ("reason", "installed", "status", "found"),
    [
        ("library_missing", False, "skipped", "none is installed: site.yml does that"),
        ("unreachable", False, "skipped", "none is installed: site.yml does that"),
        ("library_missing", True, "skipped", "its Python libraries aren't installed: site.yml does that"),
        ("unreachable", True, "failed", "that {} is there, and no answer: Connection refused"),
        ("permission_denied", True, "failed", "that {} is there, and no answer: Connection refused"),
    ],
)
def test_one_that_does_not_answer(
    reason: str, installed: bool, status: str, found: str, tmp_path: Path
) -> None:
    trace = tmp_path / "docker.sock"
    if installed:
        trace.touch()
    seen, check = look(failing(reason), "aisha", [tmp_path / "dockerd", trace])
    assert seen == EngineSeen("aisha")
    assert (check.status, check.found) == (status, found.format(trace))
    assert bool(check.advice) is (status == "failed")
