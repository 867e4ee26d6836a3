"""Which addresses are this machine's, as its own kernel tells."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._host.addresses import is_local


def own_address() -> str | None:
    """The address of the interface that the default route leads through, if there is one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("0.0.0.0", True),  # noqa: S104 - asked about, and not listened at
        ("::1", True),
        ("[::1]", True),
        ("db.internal", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
    ],
)
def test_addresses_of_any_machine(address: str, local: bool) -> None:
    assert is_local(address) is local


@pytest.mark.skipif(own_address() is None, reason="this machine has no network")
def test_address_of_an_interface_is_local() -> None:
    assert is_local(str(own_address()))
