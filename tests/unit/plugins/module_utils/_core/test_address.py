"""Hosts and ports as one text, and addresses as the kernel prints them."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._core.address import (
    canonical,
    host_port,
    url_host,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.1", "10.0.0.1:8001"),
        ("db.example.com", "db.example.com:8001"),
        ("2001:db8::7", "[2001:db8::7]:8001"),
        ("[2001:db8::7]", "[2001:db8::7]:8001"),
        ("::", "[::]:8001"),
    ],
)
def test_only_a_bare_ipv6_address_gets_brackets(host: str, expected: str) -> None:
    assert host_port(host, 8001) == expected
    assert url_host(host) == expected.removesuffix(":8001")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "10.0.0.1"),
        ("host.example.com", "host.example.com"),
        ("", ""),
    ],
)
def test_canonical_addresses_are_bare_and_short(host: str, expected: str) -> None:
    assert canonical(host) == expected
