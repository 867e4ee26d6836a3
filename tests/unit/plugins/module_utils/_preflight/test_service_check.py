"""The services' own check, run in a container; the engine is stood in for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import EngineError
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_check import (
    check_image,
    checks_of,
    run,
)
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_probe import Service

REPOSITORY = "localhost:5000/aisha-service-check"


class Engine:
    """Has one container at a time, which ends as it is told to."""

    def __init__(self, said: str = "", code: int | None = 0) -> None:
        self.said = said
        self.code = code
        self.there: dict[str, dict[str, Any]] = {}
        self.made: list[dict[str, Any]] = []

    def create(self, name: str, config: dict[str, Any], networks: dict[str, Any]) -> None:
        if config["HostConfig"]["NetworkMode"] == "none-such":
            raise EngineError("refused", "network none-such not found", expected=f"to make {name}")
        assert networks == {}
        self.there[name] = config
        self.made.append({"name": name, **config})

    def start(self, name: str) -> None:
        assert name in self.there

    def inspect(self, name: str) -> dict[str, Any]:
        assert name in self.there
        return {"State": {"Status": "running" if self.code is None else "exited", "ExitCode": self.code}}

    def log(self, name: str, *, since: int, lines: int) -> str:
        assert name in self.there
        return self.said

    def remove(self, name: str) -> None:
        self.there.pop(name, None)


@pytest.mark.parametrize(
    ("images", "found"),
    [
        ([], None),
        ([{"Id": "a", "RepoTags": [f"{REPOSITORY}-other:1"]}], None),
        ([{"Id": "a", "RepoTags": [f"{REPOSITORY}:1"]}], "a"),
        ([{"Id": "a", "RepoTags": None, "RepoDigests": [f"{REPOSITORY}@sha256:1"]}], "a"),
        (
            [
                {"Id": "old", "RepoTags": [f"{REPOSITORY}:1"], "Created": 1},
                {"Id": "new", "RepoTags": [f"{REPOSITORY}:2"], "Created": 2},
            ],
            "new",
        ),
    ],
)
def test_the_newest_image_is_taken(images: list[dict[str, Any]], found: str | None) -> None:
    assert check_image(images, REPOSITORY) == found


def test_it_runs_in_the_clusters_network_and_nothing_is_left() -> None:
    engine = Engine("{}")
    assert run(engine, "image", "shop", {"REDIS_URL": "redis://r"}, 5) == "{}"  # type: ignore[arg-type] # in place of the engine
    (made,) = engine.made
    assert made["name"].startswith("shop-preflight-")
    assert (made["Image"], made["Env"], made["HostConfig"]) == (
        "image",
        ["REDIS_URL=redis://r"],
        {"LogConfig": {"Type": "json-file"}, "NetworkMode": "shop"},
    )
    assert made["Labels"] == {"aisha.cluster": "shop", "aisha.component": "preflight"}
    assert engine.there == {}


@pytest.mark.parametrize(
    ("code", "cluster", "message"),
    [
        (None, "shop", "expected an end of shop-preflight-.*, found none within 0.1 s"),
        (1, "shop", "expected exit code 0, found 1, and it said: ImportError"),
        (0, "none-such", "expected to make .*, found network none-such not found"),
    ],
)
def test_what_keeps_it_from_answering_is_said(code: int | None, cluster: str, message: str) -> None:
    engine = Engine("Traceback\nImportError\n", code)
    with pytest.raises(EngineError) as raised:
        run(engine, "image", cluster, {}, 0.1)  # type: ignore[arg-type] # in place of the engine
    raised.match(message)
    assert engine.there == {}


SERVICES = [
    Service("PostgreSQL", "database_url", "postgresql://u:p@db:5432/aisha"),
    Service("Redis", "redis_url", "redis://r:6379/0"),
]


def test_each_service_is_a_check() -> None:
    cause = "OperationalError: password authentication failed"
    said = {
        "services": [{"service": "PostgreSQL", "ok": False, "cause": cause}, {"service": "Redis", "ok": True}]
    }
    bad, good = checks_of(f"a warning\n{json.dumps(said)}\n", SERVICES)
    assert (bad.status, bad.subject, bad.found) == ("failed", "PostgreSQL at db:5432/aisha", cause)
    assert bad.advice.startswith("Check database_url of the inventory")
    assert (good.status, good.subject, good.advice) == ("passed", "Redis at r:6379/0", "")


def test_a_service_that_was_not_asked_is_not_well() -> None:
    assert [check.status for check in checks_of('{"services": []}', SERVICES)] == ["failed", "failed"]


@pytest.mark.parametrize("said", ["", "Traceback", "[]", '{"services": [{}]}', '{"services": 1}'])
def test_any_other_answer_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="expected the services' answers as JSON, found something else"):
        checks_of(said, SERVICES)
