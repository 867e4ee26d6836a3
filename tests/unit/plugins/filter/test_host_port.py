"""Host and port in templates: one port, and several."""

from __future__ import annotations

from ansible_collections.aisha.cluster.plugins.filter.host_port import host_port


def test_one_port_gives_one_text() -> None:
    assert host_port("2001:db8::7", 8001) == "[2001:db8::7]:8001"
    assert host_port("10.0.0.1", "8001") == "10.0.0.1:8001"


def test_several_ports_give_a_list() -> None:
    assert host_port("2001:db8::7", range(8001, 8003)) == ["[2001:db8::7]:8001", "[2001:db8::7]:8002"]
    assert host_port("10.0.0.1", range(8001, 8001)) == []
