"""What clusters on one host may not share; their names begin alike."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.listening_ports import Listener
from ansible_collections.aisha.cluster.plugins.module_utils._instances.neighbors import (
    Port,
    conflicts,
    mounted_by,
    neighbors,
)

FIRST, SECOND = "aisha", "aisha-staging"


def entry(name: str, cluster: str = "", *sources: str) -> dict[str, Any]:
    """A container as an engine's list says."""
    mounts = [{"Type": "bind", "Source": source} for source in sources]
    return {
        "Names": [f"/{name}"],
        "Labels": {"aisha.cluster": cluster} if cluster else None,
        "Mounts": mounts,
    }


LISTED = [
    entry("aisha-nginx-prod", FIRST, "/opt/aisha/nginx"),
    entry("aisha-exporter-node", FIRST, "/"),
    entry("aisha-staging-nginx-prod", SECOND, "/opt/aisha-staging/nginx"),
    entry("aisha-worker-9"),
]


@pytest.mark.parametrize(
    ("cluster", "others"),
    [
        (FIRST, {"aisha-staging-nginx-prod": SECOND}),
        (SECOND, {"aisha-nginx-prod": FIRST, "aisha-exporter-node": FIRST}),
    ],
)
def test_another_cluster_is_recognized_by_its_label(cluster: str, others: dict[str, str]) -> None:
    assert neighbors(LISTED, cluster) == others


@pytest.mark.parametrize(
    ("home", "names"),
    [
        ("/opt/aisha", ["aisha-nginx-prod"]),
        ("/opt/aisha/", ["aisha-nginx-prod"]),
        ("/opt/aisha-staging", []),
        ("/opt/ais", []),
        ("/opt", ["aisha-nginx-prod"]),
    ],
)
def test_a_folder_is_shared_by_what_is_mounted_of_it(home: str, names: list[str]) -> None:
    assert mounted_by(LISTED, home, neighbors(LISTED, SECOND)) == names


@pytest.mark.parametrize(
    ("listener", "shared"),
    [
        (Listener(443, "", container="aisha-nginx-prod"), True),
        (Listener(443, "10.0.0.1", container="aisha-nginx-prod"), True),
        (Listener(443, "10.0.0.2", container="aisha-nginx-prod"), False),
        (Listener(444, "", container="aisha-nginx-prod"), False),
        # Its own, an unmanaged container's, which a run may take over, and a program's.
        (Listener(443, "", container="aisha-staging-nginx-prod"), False),
        (Listener(443, "", container="aisha-worker-9"), False),
        (Listener(443, "", process="process apache2 (812)"), False),
    ],
)
def test_a_port_of_another_cluster_is_a_conflict(listener: Listener, shared: bool) -> None:
    port = Port(443, "10.0.0.1", "aisha-staging-nginx-prod")
    expected = (
        "port 443 of 10.0.0.1 for aisha-staging-nginx-prod, "
        "at which container aisha-nginx-prod of cluster aisha listens"
    )
    found = conflicts(LISTED, SECOND, "/opt/aisha-staging", [port], [listener, listener])
    assert found == ([expected] if shared else [])


def test_a_shared_folder_is_a_conflict() -> None:
    assert conflicts(LISTED, SECOND, "/opt/aisha", [], []) == [
        "folder /opt/aisha, which container aisha-nginx-prod of cluster aisha mounts"
    ]
