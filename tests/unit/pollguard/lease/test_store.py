"""The lease in a real Redis, compared step by step with its model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from bad_network import BadNetwork
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from lease_model import LeaseModel
from pollguard.clock import now
from pollguard.config import Margins
from pollguard.lease.model import Keys, LeaseError, Take, Tenure
from pollguard.lease.redis_client import Connector
from pollguard.lease.redis_url import parse_redis_url
from pollguard.lease.store import LeaseStore
from pollguard_harness import RedisServer

MARGINS = Margins(ttl=60.0, renew=0.5, request_timeout=2.0)
KEYS = Keys("pollguard:{1}:lease")
NAMES = ("one", "two", "three")


def make_store(redis_server: RedisServer, name: str, margins: Margins = MARGINS) -> LeaseStore:
    connector = Connector(parse_redis_url(redis_server.url), margins.request_timeout)
    return LeaseStore(connector.client, KEYS, name, margins, now)


class LeaseMachine(RuleBasedStateMachine):
    """Three guards in any order: Redis and the model must agree on every answer."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.client = self.server.client
        self.client.flushdb()
        self.model = LeaseModel(MARGINS.ttl)
        self.stores = {name: self.loop.run_until_complete(self.make(name)) for name in NAMES}
        self.tenures: dict[str, Tenure] = {}
        self.tokens = dict.fromkeys(NAMES, 0)

    async def make(self, name: str) -> LeaseStore:
        return make_store(self.server, name)

    def token(self, name: str) -> str:
        return f"{name}{self.tokens[name]}"

    @rule(
        name=st.sampled_from(NAMES), seen=st.integers(0, 5), take=st.sampled_from(Take), ready=st.booleans()
    )
    def attempt(self, name: str, seen: int, take: Take, ready: bool) -> None:
        held, answer = self.loop.run_until_complete(
            self.stores[name].attempt(self.token(name), seen, take, ready=ready)
        )
        expected = self.model.attempt(0.0, self.token(name), name, seen, take)
        assert (answer.mine, answer.holder, answer.epoch) == expected
        assert (held is not None) == answer.mine
        assert (name in answer.standbys) == (ready and not answer.mine)
        assert answer.released == (self.model.holder(0.0) is None and self.model.until == 0)
        assert (answer.delivered, answer.confirmed) == (self.model.delivered, self.model.confirmed)
        if held is not None:
            self.tenures[name] = held

    @rule(name=st.sampled_from(NAMES), restore=st.booleans())
    def renew(self, name: str, restore: bool) -> None:
        if name not in self.tenures:
            return
        tenure = self.tenures[name]
        held, answer = self.loop.run_until_complete(self.stores[name].renew(tenure, restore=restore))
        expected = self.model.renew(0.0, tenure.token, tenure.epoch, name, restore)
        assert (answer.mine, answer.holder, answer.epoch) == expected
        assert (held is not None) == answer.mine

    @rule(name=st.sampled_from(NAMES), delivered=st.integers(1, 99), confirmed=st.integers(1, 99))
    def deliver(self, name: str, delivered: int, confirmed: int) -> None:
        if name not in self.tenures:
            return
        tenure = self.tenures[name]
        passed = self.loop.run_until_complete(self.stores[name].deliver(tenure, delivered, confirmed))
        held = (tenure.token, tenure.epoch, name)
        assert passed == self.model.deliver(0.0, held, delivered, confirmed)

    @rule(name=st.sampled_from(NAMES), position=st.none() | st.integers(0, 99))
    def release(self, name: str, position: int | None) -> None:
        released = self.loop.run_until_complete(self.stores[name].release(self.token(name), position))
        assert released == self.model.release(0.0, self.token(name), position)

    @rule(name=st.sampled_from(NAMES))
    def forget(self, name: str) -> None:
        self.tokens[name] += 1
        self.tenures.pop(name, None)

    @rule()
    def run_out(self) -> None:
        self.client.delete(KEYS.lease)
        if self.client.hexists(KEYS.state, "until"):
            self.client.hset(KEYS.state, "until", 1)
        self.model.vanish()
        # Here no time passes: what is not 0 and below now has ended, what is above hasn't.
        self.model.until = None if self.model.until is None else -1.0

    @rule()
    def vanish(self) -> None:
        self.client.delete(KEYS.lease)
        self.model.vanish()

    @rule()
    def wipe(self) -> None:
        self.client.flushdb()
        self.model.wipe()

    @invariant()
    def same(self) -> None:
        value = self.client.get(KEYS.lease)
        held = self.model.holder(0.0)
        assert value == (f"{held[0]} {held[1]} {held[2]}" if held else None)
        epoch, until = self.client.hmget(KEYS.state, "epoch", "until")
        assert int(epoch or 0) == self.model.epoch
        assert (until is None) == (self.model.until is None)
        assert (until == "0") == (self.model.until == 0)

    def teardown(self) -> None:
        for store in self.stores.values():
            self.loop.run_until_complete(store.close())
        self.loop.close()


def test_the_scripts_do_as_the_model_says(redis_server: RedisServer) -> None:
    machine = type("Machine", (LeaseMachine,), {"server": redis_server})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[LeaseStore]:
    redis_server.use(KEYS.lease)
    made = make_store(redis_server, "one")
    yield made
    await made.close()


async def test_taken_for_the_time_to_live_only(store: LeaseStore, redis_server: RedisServer) -> None:
    before = now()
    held, answer = await store.attempt("t", 0, Take.EXPIRED)
    assert held is not None
    assert before <= held.renewed_at <= answer.at
    assert 59 < answer.left <= 60
    assert redis_server.client.get(KEYS.lease) == "t 1 one"
    redis_server.client.pexpire(KEYS.lease, 1000)
    renewed, answer = await store.renew(held)
    assert renewed is not None
    assert answer.left > 59


async def test_a_late_renewal_cant_undo_a_release(store: LeaseStore) -> None:
    held, _ = await store.attempt("t", 0, Take.EXPIRED)
    assert held is not None
    assert await store.release("t")
    assert (await store.renew(held))[0] is None


async def test_a_release_is_announced(store: LeaseStore, redis_server: RedisServer) -> None:
    notices = store.notices()
    await anext(notices)  # the subscription
    await store.attempt("t", 0, Take.EXPIRED)
    waiting = asyncio.ensure_future(anext(notices))
    await store.release("t")
    await asyncio.wait_for(waiting, 1)
    await notices.aclose()  # type: ignore[attr-defined]


async def test_standbys_are_known_for_a_while(store: LeaseStore, redis_server: RedisServer) -> None:
    other = make_store(redis_server, "two")
    held, _ = await store.attempt("t", 0, Take.EXPIRED)
    assert held is not None
    await other.attempt("u", 0, Take.EXPIRED)
    assert (await store.renew(held))[1].standbys == ("two",)
    await other.leave()
    assert (await store.renew(held))[1].standbys == ()
    redis_server.client.zadd(KEYS.standbys, {"gone": 1})
    assert (await store.renew(held))[1].standbys == ()
    await other.close()


@pytest.mark.parametrize("lost", [(KEYS.lease,), (KEYS.state,), KEYS.all])
async def test_a_lost_lease_is_withheld(redis_server: RedisServer, lost: tuple[str, ...]) -> None:
    """Its holder is at work and doesn't know: nobody else may have it before the holder would be dead. Not
    even a guard that has just been started, and knows nothing."""
    margins = Margins(ttl=0.5, renew=0.05, request_timeout=0.2)
    redis_server.use(KEYS.lease)
    holder, other = (make_store(redis_server, name, margins) for name in ("one", "two"))
    tenure, _ = await holder.attempt("t", 0, Take.EXPIRED)
    assert tenure is not None
    for _ in range(2):
        redis_server.client.delete(*lost)
        taken, answer = await other.attempt("u", 0, Take.EXPIRED)
        assert taken is None
        assert 0.2 < answer.left <= 0.5
        tenure, _ = await holder.renew(tenure)
        assert tenure is not None, "the holder gets it back"
    redis_server.client.delete(*lost)
    _, answer = await other.attempt("u", 0, Take.EXPIRED)
    await asyncio.sleep(answer.left + 0.01)
    taken, _ = await other.attempt("u", 0, Take.EXPIRED)
    assert taken is not None, "the holder never came back"
    assert taken.epoch == (1 if len(lost) == 3 else 2)
    assert (await holder.renew(tenure))[0] is None
    await holder.close()
    await other.close()


async def test_a_silent_redis_costs_no_more_than_the_limit(
    network: BadNetwork, redis_server: RedisServer
) -> None:
    redis_server.use(KEYS.lease)
    margins = Margins(ttl=3.0, request_timeout=0.15)
    connector = Connector(parse_redis_url(network.url), margins.request_timeout)
    store = LeaseStore(connector.client, KEYS, "one", margins, now)
    held, _ = await store.attempt("t", 0, Take.EXPIRED)
    assert held is not None
    network.silent = True
    before = now()
    with pytest.raises(LeaseError):
        await store.renew(held)
    assert now() - before < 0.3
    network.silent = False
    # On a new connection: the late answer to the first request is never taken for another's.
    assert (await store.renew(held))[0] is not None
    await store.close()
