"""In which order a registry's images are deleted; the registry is stood in for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.modules.registry_image_prune import surplus

REPOSITORY = "registry:5000/aisha-bot"
INDEX, OTHER_INDEX, PART, SHARED_PART, KEPT_INDEX = (f"sha256:{number}" for number in range(1, 6))


class Registry:
    """Has tags, and indexes with their parts."""

    def __init__(self, tags: dict[str, str], indexes: dict[str, list[str]]) -> None:
        self._tags = tags
        self._indexes = indexes

    def tags(self, _repository: str) -> list[str]:
        return list(self._tags)

    def digest(self, _repository: str, reference: str) -> str | None:
        return self._tags.get(reference, reference if reference in self._indexes else None)

    def children(self, _repository: str, digest: str) -> list[str]:
        return self._indexes.get(digest, [])


@pytest.mark.parametrize(
    ("tags", "deleted"),
    [
        ({"old": INDEX, "new": KEPT_INDEX}, [PART, INDEX]),
        # Of one whose parts have been deleted before, the index is found by its tag, and they by it.
        ({"old": INDEX, "older": OTHER_INDEX, "new": KEPT_INDEX}, [PART, INDEX, OTHER_INDEX]),
        ({"new": KEPT_INDEX}, []),
    ],
)
def test_parts_are_deleted_before_their_index(tags: dict[str, str], deleted: list[str]) -> None:
    indexes = {INDEX: [PART, SHARED_PART], OTHER_INDEX: [PART], KEPT_INDEX: [SHARED_PART]}
    params: dict[str, Any] = {
        "registry_name": "registry:5000",
        "repositories": [REPOSITORY],
        "keep": [f"{REPOSITORY}@{KEPT_INDEX}"],
        "known": [],
    }
    _there, drop = surplus(Registry(tags, indexes), params)  # type: ignore[arg-type] # in place of the client
    assert drop == [f"{REPOSITORY}@{digest}" for digest in deleted]
