"""Which published ports need a kernel setting to come back at boot."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.filter.nonlocal_bind import FilterModule

FILTER = FilterModule().filters()["nonlocal_bind"]
IPV4 = {"net.ipv4.ip_nonlocal_bind": "1"}
IPV6 = {"net.ipv6.ip_nonlocal_bind": "1"}


@pytest.mark.parametrize(
    ("ports", "settings"),
    [
        ([], {}),
        (["8001"], {}),
        (["8001:8001"], {}),
        (["127.0.0.1:8001:8001"], {}),
        (["0.0.0.0:443:443", "[::]:443:443", "[::1]:80:80"], {}),
        (["127.0.0.1:8001:8001", "10.0.0.5:8002:8001"], IPV4),
        (["100.64.0.7:8002:8001/tcp"], IPV4),
        (["[fd00::5]:8002:8001"], IPV6),
        (["10.0.0.5:8002:8001", "[fd00::5]:8002:8001"], {**IPV4, **IPV6}),
    ],
)
def test_only_addresses_of_interfaces_need_it(ports: list[str], settings: dict[str, str]) -> None:
    assert FILTER([{"name": "one"}, {"name": "two", "ports": ports}]) == settings
