"""What the scripts in a real Redis make of time and of positions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pollguard.clock import now
from pollguard.config import Margins
from pollguard.lease.model import Keys, Take, Tenure
from pollguard.lease.redis_client import Connector
from pollguard.lease.redis_url import parse_redis_url
from pollguard.lease.store import LeaseStore
from pollguard_harness import RedisServer
from redis_time import let_redis_time_pass, set_redis_clock_back

MARGINS = Margins(ttl=60.0, renew=0.5, request_timeout=2.0)
KEYS = Keys("pollguard:{1}:lease")


class Stores:
    """Two guards' stores at one Redis, and its time."""

    def __init__(self, server: RedisServer) -> None:
        connector = Connector(parse_redis_url(server.url), MARGINS.request_timeout)
        self.client = server.client
        self.one, self.two = (
            LeaseStore(connector.client, KEYS, name, MARGINS, now) for name in ("one", "two")
        )

    async def take(self, store: LeaseStore, token: str, take: Take = Take.EXPIRED) -> Tenure | None:
        return (await store.attempt(token, 0, take))[0]

    def pass_time(self, seconds: float) -> None:
        let_redis_time_pass(self.client, KEYS, seconds)

    def set_clock_back(self, seconds: float) -> None:
        set_redis_clock_back(self.client, KEYS, seconds)


@pytest.fixture
async def stores(redis_server: RedisServer) -> AsyncIterator[Stores]:
    redis_server.use(KEYS.lease)
    made = Stores(redis_server)
    yield made
    await made.one.close()
    await made.two.close()


@pytest.mark.parametrize(
    ("how", "released", "expired"),
    [("given up", True, True), ("run out", False, True), ("lost", False, False), ("held", False, False)],
)
async def test_which_lease_may_be_taken(stores: Stores, how: str, released: bool, expired: bool) -> None:
    for take, may in ((Take.NONE, False), (Take.RELEASED, released), (Take.EXPIRED, expired)):
        stores.client.flushdb()
        stores.client.hset(KEYS.state, mapping={"epoch": 4, "until": 0})
        held = await stores.take(stores.one, "t")
        assert held is not None
        if how == "given up":
            assert await stores.one.release("t")
        elif how == "run out":
            stores.pass_time(61)
        elif how == "lost":
            stores.client.delete(KEYS.lease)
        tenure, answer = await stores.two.attempt("u", 5, take)
        assert (tenure is not None) == may, take
        assert answer.released == (how == "given up" and not may)
        if tenure is not None:
            assert tenure.epoch == 6


async def test_one_who_only_asks_doesnt_prolong_its_own(stores: Stores) -> None:
    """Its first answer was lost, and it no longer wants the lease."""
    await stores.take(stores.one, "t")
    stores.pass_time(30)
    held, answer = await stores.one.attempt("t", 0, Take.NONE)
    assert held is not None
    assert answer.left < 31


@pytest.mark.parametrize("back", [100, 3600, 10**7])
async def test_when_the_clock_of_redis_goes_back_the_lease_doesnt_last_for_ever(
    stores: Stores, back: int
) -> None:
    held = await stores.take(stores.one, "t")
    assert held is not None
    stores.set_clock_back(back)
    tenure, answer = await stores.two.attempt("u", 0, Take.EXPIRED)
    assert tenure is None
    assert answer.holder == "one", "who holds it holds it on"
    assert answer.left <= 120
    stores.pass_time(121)
    assert await stores.take(stores.two, "u") is not None


async def test_when_the_clock_of_redis_goes_back_nobody_waits_for_ever(stores: Stores) -> None:
    await stores.take(stores.one, "t")
    stores.client.delete(KEYS.lease)
    stores.set_clock_back(3600)
    _, answer = await stores.two.attempt("u", 0, Take.EXPIRED)
    assert answer.left <= 60
    stores.pass_time(61)
    assert await stores.take(stores.two, "u") is not None


async def test_its_holder_renews_whatever_the_clock_of_redis_does(stores: Stores) -> None:
    held = await stores.take(stores.one, "t")
    assert held is not None
    stores.set_clock_back(3600)
    again, answer = await stores.one.renew(held)
    assert again is not None
    assert answer.left <= 60


@pytest.mark.parametrize(("position", "delivered", "confirmed"), [(None, 20, 10), (20, 20, 20), (15, 15, 15)])
async def test_the_position_is_kept(
    stores: Stores, position: int | None, delivered: int, confirmed: int
) -> None:
    """In a hand-over the giver says where the next begins; in a crash it stays as the fence saw it last."""
    held = await stores.take(stores.one, "t")
    assert held is not None
    assert await stores.one.deliver(held, 20, 10)
    assert await stores.one.release("t", position)
    tenure, answer = await stores.two.attempt("u", 0, Take.RELEASED)
    assert tenure is not None
    assert (answer.delivered, answer.confirmed) == (delivered, confirmed)
    assert not await stores.one.deliver(held, 30, 30)
    _, answer = await stores.two.renew(tenure)
    assert (answer.delivered, answer.confirmed) == (delivered, confirmed)


async def test_the_position_outlives_a_lease_that_runs_out(stores: Stores) -> None:
    held = await stores.take(stores.one, "t")
    assert held is not None
    assert await stores.one.deliver(held, 20, 10)
    stores.pass_time(10**6)
    assert not await stores.one.deliver(held, 30, 20)
    _, answer = await stores.two.attempt("u", 0, Take.EXPIRED)
    assert (answer.mine, answer.delivered, answer.confirmed) == (True, 20, 10)


async def test_large_numbers_stay_exact(stores: Stores) -> None:
    """An update's id may be any of 64 bits, and Lua's numbers are floats."""
    held = await stores.take(stores.one, "t")
    assert held is not None
    for delivered in (2**31, 2**53 + 1, 2**63 - 1):
        assert await stores.one.deliver(held, delivered, delivered - 1)
        _, answer = await stores.one.renew(held)
        assert (answer.delivered, answer.confirmed) == (delivered, delivered - 1)


async def test_taking_is_announced(stores: Stores) -> None:
    notices = stores.one.notices()
    await anext(notices)  # the subscription
    waiting = asyncio.ensure_future(anext(notices))
    await stores.two.attempt("u", 0, Take.NONE)
    await asyncio.sleep(0.05)
    assert not waiting.done(), "asking is not"
    await stores.take(stores.two, "u")
    await asyncio.wait_for(waiting, 1)
    await notices.aclose()  # type: ignore[attr-defined]


async def test_only_who_is_ready_counts_as_a_standby(stores: Stores) -> None:
    held = await stores.take(stores.one, "t")
    assert held is not None
    await stores.two.attempt("u", 0, Take.NONE, ready=True)
    assert (await stores.one.renew(held))[1].standbys == ("two",)
    await stores.two.attempt("u", 0, Take.NONE, ready=False)
    assert (await stores.one.renew(held))[1].standbys == ()
