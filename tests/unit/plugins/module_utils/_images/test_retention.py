"""What is removed from an engine and from a registry."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._images.retention import (
    EngineImage,
    digests_of,
    engine_surplus,
    in_use,
    registry_surplus,
    repository_of,
)

BOT = "localhost:5000/aisha-bot"
OLD = EngineImage("id-old", (f"{BOT}:v1", f"{BOT}@sha256:1"))
KEPT = EngineImage("id-kept", (f"{BOT}:v2", f"{BOT}:latest", f"{BOT}@sha256:2"))


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("redis:7.0", "redis"),
        ("redis", "redis"),
        (f"{BOT}:v1", BOT),
        (f"{BOT}@sha256:1", BOT),
        (f"{BOT}:v1@sha256:1", BOT),
        (BOT, BOT),
    ],
)
def test_repository(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository


def test_an_engines_image_has_tags_and_digests() -> None:
    listed = {"Id": "i", "RepoTags": [f"{BOT}:v1", "<none>:<none>"], "RepoDigests": None}
    assert EngineImage.read(listed) == EngineImage("i", (f"{BOT}:v1",))
    assert EngineImage.read({"Id": "i", "RepoTags": None, "RepoDigests": ["<none>@<none>"]}).names == ()


@pytest.mark.parametrize(
    ("image", "used", "surplus"),
    [
        (OLD, (), OLD.names),
        (OLD, ("id-old",), ()),
        (KEPT, (), ()),
        # It was built and never pushed.
        (EngineImage("i", (f"{BOT}:v0",)), (), (f"{BOT}:v0",)),
        # Another name keeps it alive; ours is taken.
        (EngineImage("i", (f"{BOT}:v0", "mine:1")), (), (f"{BOT}:v0",)),
        # The same content by another registry's name.
        (EngineImage("i", (f"{BOT}:v0", "10.0.0.1:5000/aisha-bot@sha256:2")), (), ()),
        (EngineImage("i", ("localhost:5000/aisha-demo-bot:v1",)), (), ()),
        (EngineImage("i", ("localhost:5000/aisha-bot-2:v1",)), (), ()),
        (EngineImage("i", ("aisha-bot:v1",)), (), ()),
        (EngineImage("i", ()), (), ()),
    ],
)
def test_engine(image: EngineImage, used: tuple[str, ...], surplus: tuple[str, ...]) -> None:
    images = [image, KEPT]
    assert engine_surplus(images, {BOT}, [f"{BOT}@sha256:2"], {*used}) == [*surplus]


def test_what_containers_use_is_told_by_digest() -> None:
    assert in_use([OLD, KEPT], {BOT}, {"id-kept", "id-of-redis"}) == [f"{BOT}@sha256:2"]


@pytest.mark.parametrize(
    ("there", "known", "keep", "surplus"),
    [
        ([], [], [], []),
        (["sha256:1", "sha256:2"], [], [f"{BOT}@sha256:2"], ["sha256:1"]),
        (["sha256:2"], [f"{BOT}@sha256:1", f"{BOT}@sha256:2"], [f"{BOT}@sha256:2"], ["sha256:1"]),
        (["sha256:1"], [], ["10.0.0.1:5000/aisha-bot@sha256:1"], []),
        (["sha256:1"], ["aisha-bot:v1"], [f"{BOT}:latest"], ["sha256:1"]),
    ],
)
def test_registry(there: list[str], known: list[str], keep: list[str], surplus: list[str]) -> None:
    assert registry_surplus(there, known, keep) == surplus


def test_only_what_has_a_digest_names_one() -> None:
    assert digests_of(["a:1", "a@sha256:1", "b:2@sha256:2"]) == {"sha256:1", "sha256:2"}
