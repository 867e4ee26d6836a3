"""Reading of the kernel's connection tables."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from pollguard.process.connections import (
    Connection,
    PollSight,
    endpoints,
    parse_rows,
    read_tables,
    row_addresses,
    sockets_of,
)
from pollguard_harness import listener

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# As printed on a little-endian machine.
TCP = HEADER + (
    "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0\n"
    "   1: 020011AC:9C40 DCA79A95:01BB 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4\n"
    "   2: 020011AC:9C42 DCA79A95:01BB 01 00000000:0000001F 00:00000000 00000000     0        0 23 1 0 20 4\n"
    "   3: 020011AC:9C44 DCA79A95:01BB 08 00000000:00000000 00:00000000 00000000     0        0 24 1 0 20 4\n"
    "   4: 020011AC:9C46 DCA79A95:0050 01 00000000:00000000 00:00000000 00000000     0        0 25 1 0 20 4\n"
)
TCP6 = HEADER + (
    "   0: 0000000000000000FFFF0000020011AC:9C40 0000000000000000FFFF0000DCA79A95:01BB 01 "
    "00000000:00000000 00:00000000 00000000     0        0 31 1 0 20 4\n"
    "   1: 00000000000000000000000001000000:9C40 7C06012009000400F004E8F2B0040000:01BB 01 "
    "00000000:00000000 00:00000000 00000000     0        0 32 1 0 20 4\n"
)


@pytest.mark.skipif(sys.byteorder != "little", reason="the tables are a little-endian machine's")
def test_tables() -> None:
    remotes = row_addresses("149.154.167.220", 443)
    assert list(parse_rows(TCP + TCP6, remotes)) == [Connection(22, 0), Connection(23, 31), Connection(31, 0)]
    assert list(parse_rows(TCP, row_addresses("149.154.167.220", 80))) == [Connection(25, 0)]
    assert list(parse_rows("", remotes)) == []
    assert list(parse_rows("header\ntorn line 01\n", remotes)) == []


def test_addresses() -> None:
    assert row_addresses("::ffff:1.2.3.4", 443) == row_addresses("1.2.3.4", 443)
    assert len(row_addresses("2001:db8::1", 443)) == 1
    assert row_addresses("fe80::1%eth0", 1) == row_addresses("fe80::1", 1)


@pytest.mark.parametrize(
    ("url", "env", "expected"),
    [
        ("https://api.telegram.org", {}, [("api.telegram.org", 443)]),
        ("http://standin:8081/", {}, [("standin", 8081)]),
        ("http://[::1]:8081", {}, [("::1", 8081)]),
        (
            "https://api.telegram.org",
            {"HTTPS_PROXY": "http://u:p@proxy:3128", "all_proxy": "socks5://s"},
            [("api.telegram.org", 443), ("proxy", 3128), ("s", 1080)],
        ),
        (
            "https://api.telegram.org",
            {"TELEGRAM_PROXY": "socks5h://u:p@t:1081"},
            [("api.telegram.org", 443), ("t", 1081)],
        ),
        (
            "https://a",
            {"https_proxy": "proxy:8080", "HTTP_PROXY": "http://x:port"},
            [("a", 443), ("proxy", 8080)],
        ),
    ],
)
def test_endpoints(url: str, env: dict[str, str], expected: list[tuple[str, int]]) -> None:
    assert list(endpoints(url, env)) == expected


def test_sight() -> None:
    sight = PollSight()
    ours, foreign = Connection(1, 0), Connection(2, 0)
    assert sight.unknown([ours])
    assert not sight.sample([], set())
    assert sight.sample([ours, foreign], {1})
    assert not sight.unknown([ours, foreign])
    assert sight.sample([ours, foreign], set())  # remembered
    assert not sight.sample([foreign], set())


def test_a_bot_that_no_longer_reads_is_not_polling() -> None:
    sight = PollSight()
    assert sight.sample([Connection(1, 0)], {1})
    assert sight.sample([Connection(1, 500)], set())  # just arrived
    assert not sight.sample([Connection(1, 500)], set())
    assert sight.sample([Connection(1, 0)], set())


def test_when_the_owner_cant_be_known_every_connection_counts() -> None:
    sight = PollSight()
    assert sight.sample([Connection(7, 0)], None)
    assert sight.sample([Connection(7, 0)], set())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_real_connection(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((host, 0))
        server.listen()
        port = server.getsockname()[1]
        remotes = row_addresses(host, port)
        assert list(parse_rows(read_tables(), remotes)) == []
        with socket.create_connection((host, port)) as client:
            inode = os.fstat(client.fileno()).st_ino
            assert list(parse_rows(read_tables(), remotes)) == [Connection(inode, 0)]
            assert inode in (sockets_of([os.getpid()]) or ())


def test_ipv4_through_an_ipv6_socket() -> None:
    with listener() as port, socket.socket(socket.AF_INET6) as client:
        client.connect(("::ffff:127.0.0.1", port))
        assert len(list(parse_rows(read_tables(), row_addresses("127.0.0.1", port)))) == 1
