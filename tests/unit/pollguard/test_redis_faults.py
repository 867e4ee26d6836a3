"""Redis stopped, restarted, emptied, slow, silent, TLS, ACL, Sentinel: what becomes of the lease."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from bad_network import BadNetwork
from pollguard_harness import LEASE, Folder, MakeGuard, RedisServer, boot_time, free_port, wait_for

TTL = 1.2


def test_a_long_outage_ends_the_bot_before_the_lease(
    make_guard: MakeGuard, folder: Folder, own_redis: RedisServer
) -> None:
    active = make_guard("one", own_redis.url).start("--drain=0.1")
    folder.wait_event("start", "one")
    standby = make_guard("two", own_redis.url).start("--drain=0.1")
    standby.wait_standby()
    left_at = boot_time() + own_redis.client.pttl(LEASE) / 1000
    own_redis.stop()
    # It gets TERM and time to finish, and is gone before the lease would have ended.
    assert folder.wait_event("end", "one")["at"] <= left_at - 0.1
    wait_for(lambda: not folder.is_anyone_alive())
    assert boot_time() <= left_at
    wait_for(lambda: "doesn't answer" in (active.fault() or ""), TTL + 1, "health tells")
    assert active.tool("health").returncode == 1
    # Neither guard has exited: the bot comes back with Redis, on one of the two.
    own_redis.start()
    wait_for(lambda: len(folder.events("start")) == 2)
    wait_for(lambda: standby.fault() is None)


def test_a_bot_that_ignores_term_is_killed_before_the_lease_ends(
    make_guard: MakeGuard, folder: Folder, own_redis: RedisServer
) -> None:
    make_guard("one", own_redis.url).start("--deaf-to-term", "--escape")
    folder.wait_event("start", "one")
    left_at = boot_time() + own_redis.client.pttl(LEASE) / 1000
    own_redis.stop()
    wait_for(lambda: not folder.is_anyone_alive())
    assert boot_time() <= left_at - 0.05


def test_a_short_restart_that_forgets_everything_disturbs_nothing(
    make_guard: MakeGuard, folder: Folder, own_redis: RedisServer
) -> None:
    active = make_guard("one", own_redis.url).start()
    folder.wait_event("start", "one")
    make_guard("two", own_redis.url).start().wait_standby()
    before = (active.status() or {})["epoch"]
    own_redis.stop()
    own_redis.start()
    wait_for(lambda: own_redis.client.get(LEASE))
    until = boot_time() + TTL
    wait_for(lambda: boot_time() > until)
    status = active.status()
    assert status is not None
    assert (status["role"], status["epoch"]) == ("active", before)
    assert len(folder.events("start")) == 1


def test_an_emptied_redis_gives_the_lease_back_to_its_holder(
    make_guard: MakeGuard, folder: Folder, redis_server: RedisServer
) -> None:
    active = make_guard("one").start()
    folder.wait_event("start", "one")
    make_guard("two").start().wait_standby()
    for lost in ("lease",), ("lease", "state", "standbys"), ("lease",):
        redis_server.client.delete(*(LEASE.replace("lease", key) for key in lost))
        wait_for(lambda: " 1 one" in (redis_server.client.get(LEASE) or ""))
    assert active.role == "active"
    assert len(folder.events("start")) == 1


def test_a_new_redis_is_taken_after_a_time_to_live(
    make_guard: MakeGuard, folder: Folder, redis_server: RedisServer
) -> None:
    redis_server.client.flushall()
    make_guard("one").start().wait_standby()
    assert folder.events("start") == []
    folder.wait_event("start", "one")


def test_a_slow_redis_is_good_enough(make_guard: MakeGuard, folder: Folder, network: BadNetwork) -> None:
    network.delay = 0.04
    active = make_guard("one", network.url).start()
    standby = make_guard("two", network.url).start()
    folder.wait_event("start")
    until = boot_time() + 2 * TTL
    wait_for(lambda: boot_time() > until)
    assert len(folder.events("start")) == 1
    assert sorted([active.role, standby.role]) == ["active", "standby"]


def test_a_network_that_goes_silent_ends_the_bot(
    make_guard: MakeGuard, folder: Folder, network: BadNetwork
) -> None:
    active = make_guard("one", network.url).start()
    folder.wait_event("start", "one")
    standby = make_guard("two").start()
    standby.wait_standby()
    network.silent = True
    folder.wait_event("start", "two", within=TTL + 1)
    network.silent = False
    wait_for(lambda: active.fault() is None, what="it is a good standby again")
    assert active.role == "standby"


def test_a_lease_taken_away_by_hand_kills_the_bot(
    make_guard: MakeGuard, folder: Folder, redis_server: RedisServer
) -> None:
    active = make_guard("one").start("--deaf-to-term")
    folder.wait_event("start", "one")
    redis_server.client.set(LEASE, "stranger 9 elsewhere", px=1500)
    wait_for(lambda: not folder.is_anyone_alive(), 0.6)
    folder.wait_event("start", "one", count=2)
    assert (active.status() or {})["epoch"] > 9 or "elsewhere" in active.log


def test_a_key_of_another_kind_is_named(make_guard: MakeGuard, redis_server: RedisServer) -> None:
    redis_server.client.set(LEASE, "something else")
    guard = make_guard("one").start()
    guard.wait_logged("no poll guard wrote")
    assert guard.tool("health").returncode == 1


def test_scripts_are_loaded_again(make_guard: MakeGuard, folder: Folder, redis_server: RedisServer) -> None:
    guard = make_guard("one").start()
    folder.wait_event("start")
    redis_server.client.script_flush()
    until = boot_time() + TTL + 0.2
    wait_for(lambda: boot_time() > until)
    assert guard.role == "active"
    # A request that a busy machine answers late counts as an error, too; of scripts there must be none.
    assert "script" not in guard.log.lower()


def test_stop_while_redis_is_away(make_guard: MakeGuard, folder: Folder, own_redis: RedisServer) -> None:
    guard = make_guard("one", own_redis.url).start()
    folder.wait_event("start")
    own_redis.stop()
    at = guard.signal(signal.SIGTERM)
    assert guard.wait() == 0
    assert boot_time() - at <= TTL + 0.8


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that vouches for itself."""
    subject = ["-days", "2", "-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(["openssl", "req", "-x509", *kind, *files, *subject], check=True, capture_output=True)
    return tmp_path


def test_tls_and_the_least_rights(make_guard: MakeGuard, folder: Folder, certificate: Path) -> None:
    tls_port, password = free_port(), "s3cret/with@odd:signs"
    server = RedisServer(
        *("--tls-port", str(tls_port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate / "cert.pem"), "--tls-key-file", str(certificate / "key.pem")),
    )
    rights = (
        "+eval +evalsha +get +set +del +hset +hmget +pttl +time +zadd +zrem +zrangebyscore "
        "+zremrangebyscore +publish +subscribe +ping +select"
    )
    server.client.acl_setuser(
        "guard",
        enabled=True,
        passwords=[f"+{password}"],
        keys=["pollguard:*"],
        channels=["pollguard:*"],
        commands=rights.split(),
    )
    url = f"rediss://guard:s3cret%2Fwith%40odd%3Asigns@127.0.0.1:{tls_port}/2"
    try:
        unknown = make_guard("one", url).start()
        unknown.wait_logged("certificate verify failed")
        unknown.end()
        trusting = make_guard("two", f"{url}?ssl_ca_certs={certificate / 'cert.pem'}").start()
        folder.wait_event("start", "two")
        until = boot_time() + 1
        wait_for(lambda: boot_time() > until)
        assert (trusting.status() or {})["redis_errors"] == 0
        assert "no notices" not in trusting.log
        wrong = make_guard("three", url.replace("odd", "even") + f"?ssl_ca_certs={certificate / 'cert.pem'}")
        wrong.start().wait_logged("Redis doesn't answer")
        for guard in (unknown, trusting, wrong):
            assert "s3cret" not in guard.log
    finally:
        server.stop()


def test_sentinel(make_guard: MakeGuard, folder: Folder, own_redis: RedisServer, tmp_path: Path) -> None:
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"sentinel monitor bots 127.0.0.1 {own_redis.port} 1\n")
    port, dead = free_port(), free_port()
    with (tmp_path / "sentinel.log").open("w") as log:
        sentinel = subprocess.Popen(
            ["redis-server", configuration, "--sentinel", "--port", str(port), "--bind", "127.0.0.1"],
            stdout=log,
        )
    try:
        guard = make_guard("one", f"redis+sentinel://127.0.0.1:{dead},127.0.0.1:{port}/bots/2").start()
        folder.wait_event("start", "one")
        until = boot_time() + TTL + 0.3
        wait_for(lambda: boot_time() > until)
        assert guard.role == "active"
        assert own_redis.client.get(LEASE)
    finally:
        sentinel.kill()
        sentinel.wait()
