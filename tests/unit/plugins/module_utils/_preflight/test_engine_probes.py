"""The questions about an engine's settings, networks and images; the engine is stood in for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._preflight import probes
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.engine_snapshot import EngineSeen
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.probes import Host


class Inspected:
    """An engine with one network and one image."""

    def about(self, what: str) -> Any:
        assert what == "networks"
        return [{"Name": "aisha", "IPAM": {"Config": [{"Subnet": "10.0.0.0/16"}]}}]

    def image(self, name: str) -> dict[str, Any] | None:
        return {"Config": {"Entrypoint": ["/init"]}} if name == "bot:1" else None


def statuses_of(checks: list[Any]) -> list[tuple[str, str, str]]:
    return [(check.check, check.subject, check.status) for check in checks]


@pytest.mark.parametrize(
    ("text", "peers", "expected"),
    [
        (None, [], []),
        ("", ["10.1.0.1"], []),
        ('{"iptables": false}', [], [("engine", "iptables", "warned")]),
        ("{", [], [("engine", "FILE", "failed")]),
        ("[]", ["10.0.7.1"], [("engine", "FILE", "failed"), ("network", "aisha", "failed")]),
    ],
)
def test_settings_and_networks_of_an_engine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    peers: list[str],
    expected: list[tuple[str, str, str]],
) -> None:
    forward, file = tmp_path / "ip_forward", tmp_path / "daemon.json"
    forward.write_text("1\n")
    monkeypatch.setattr(probes, "_IP_FORWARD", str(forward))
    if text is not None:
        file.write_text(text)
    host = Host(EngineSeen("aisha", {"ServerVersion": "27.1"}), Inspected, 5)  # type: ignore[arg-type] # in place of the engine
    found = statuses_of(host.engine(str(file), {}, peers))
    assert found == [(kind, subject.replace("FILE", str(file)), status) for kind, subject, status in expected]


def test_settings_of_an_engine_that_is_not_installed_yet(tmp_path: Path) -> None:
    found = Host(EngineSeen("aisha"), Inspected, 5).engine(  # type: ignore[arg-type] # in place of the engine
        str(tmp_path / "none"), {"userns-remap": "default"}, ["10.0.7.1"]
    )
    assert statuses_of(found) == [("engine", "userns-remap", "failed")]


@pytest.mark.parametrize(("image", "status"), [("bot:1", "failed"), ("bot:2", "skipped")])
def test_entry_point_of_the_pollers(image: str, status: str) -> None:
    host = Host(EngineSeen("aisha"), Inspected, 5)  # type: ignore[arg-type] # in place of the engine
    assert statuses_of(host.entrypoint(image)) == [("entrypoint", image, status)]
