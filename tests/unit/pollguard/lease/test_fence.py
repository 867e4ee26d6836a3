"""The fence, in a real Redis: whoever comes late, however late, hands nothing out after its successor has."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pollguard.config import Margins
from pollguard.lease.manager import Leasing
from pollguard.lease.model import Keys, Tenure
from pollguard.lease.redis_client import Connector
from pollguard.lease.redis_url import parse_redis_url
from pollguard.lease.store import LeaseStore
from pollguard_harness import RedisServer
from redis_time import let_redis_time_pass

# Whole seconds pass here by order only; what the test itself takes is nothing beside them.
MARGINS = Margins(ttl=60.0, renew=10.0, request_timeout=5.0, term_grace=20.0, kill_margin=10.0)
KEYS = Keys("pollguard:{1}:lease")
NAMES = ("one", "two", "three")


class FenceMachine(RuleBasedStateMachine):
    """Three guards. One that is frozen is one whose turn doesn't come; what it does then, it does late."""

    server: RedisServer
    forgets: bool
    """Redis may come back empty."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.client = self.server.client
        self.client.flushdb()
        self.channel = self.client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self.channel.subscribe(KEYS.notice)
        self.channel.get_message(timeout=1)
        self.notices: dict[str, list[str]] = {}
        """What each guard will hear: empty for a new subscription."""
        self.now = 1000.0
        self.stores = {name: self.loop.run_until_complete(self.make_store(name)) for name in NAMES}
        self.guards: dict[str, Leasing] = {}
        for name in NAMES:
            self.start(name)
        self.position = 0
        self.tenures: list[Tenure] = []
        self.passed: list[tuple[int, int]] = []
        """Which tenure (the first is 0), and `delivered` of what the fence let through, in order."""

    async def make_store(self, name: str) -> LeaseStore:
        connector = Connector(parse_redis_url(self.server.url), MARGINS.request_timeout)
        return LeaseStore(connector.client, KEYS, name, MARGINS, self.clock)

    def clock(self) -> float:
        return self.now

    def start(self, name: str) -> None:
        self.guards[name] = Leasing(self.stores[name], MARGINS, self.clock, lambda: None, lambda: True)
        self.notices[name] = [""]

    def collect_notices(self) -> None:
        while (message := self.channel.get_message(timeout=0.005)) is not None:
            for heard in self.notices.values():
                heard.append(str(message["data"]))

    def note(self, name: str) -> None:
        tenure = self.guards[name].tenure
        if tenure is not None and all(tenure.token != known.token for known in self.tenures):
            # A Redis that forgets may begin with epoch 1 again.
            assert self.forgets or all(tenure.epoch > known.epoch for known in self.tenures)
            self.tenures.append(tenure)

    def pass_fence(self, token: str) -> None:
        self.passed.append(([one.token for one in self.tenures].index(token), self.position))

    @rule(name=st.sampled_from(NAMES))
    def acquire_or_renew(self, name: str) -> None:
        self.loop.run_until_complete(self.guards[name].ask())
        self.note(name)

    @rule(name=st.sampled_from(NAMES))
    def deliver(self, name: str) -> None:
        guard, self.position = self.guards[name], self.position + 1
        passed = self.loop.run_until_complete(guard.deliver(self.position, 0))
        assert guard.tenure is not None or not passed
        if passed and guard.tenure is not None:
            self.note(name)
            self.pass_fence(guard.tenure.token)

    @precondition(lambda self: self.tenures)
    @rule(data=st.data())
    def deliver_late(self, data: st.DataObject) -> None:
        """It had looked at its clock long ago."""
        tenure, self.position = data.draw(st.sampled_from(self.tenures)), self.position + 1
        store = self.stores[tenure.instance]
        if self.loop.run_until_complete(store.deliver(tenure, self.position, 0)):
            self.pass_fence(tenure.token)

    @rule(name=st.sampled_from(NAMES), in_order=st.booleans())
    def release(self, name: str, in_order: bool) -> None:
        position = self.position if in_order else None
        self.loop.run_until_complete(self.guards[name].release(position))

    @rule(name=st.sampled_from(NAMES))
    def crash(self, name: str) -> None:
        self.start(name)

    @rule(seconds=st.sampled_from([1, 10, 30, 59, 61]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        let_redis_time_pass(self.client, KEYS, seconds)

    @rule(name=st.sampled_from(NAMES))
    def take_over(self, name: str) -> None:
        """The others are frozen for longer than their lease."""
        for _ in range(2):
            self.acquire_or_renew(name)
            self.time_passes(61)
        self.acquire_or_renew(name)
        self.deliver(name)

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 5))
    def hear(self, name: str, count: int) -> None:
        """Notices come late, but in order."""
        self.collect_notices()
        for notice in self.notices[name][:count]:
            self.guards[name]._hear(notice)
        del self.notices[name][:count]

    @rule(name=st.sampled_from(NAMES))
    def subscribe_anew(self, name: str) -> None:
        self.collect_notices()
        self.guards[name]._watch.unsubscribed()
        self.notices[name] = [""]

    @precondition(lambda self: self.forgets)
    @rule(keys=st.sampled_from([KEYS.all, (KEYS.lease,), (KEYS.state,)]))
    def redis_forgets(self, keys: tuple[str, ...]) -> None:
        self.client.delete(*keys)

    @precondition(lambda self: self.forgets)
    @rule(name=st.sampled_from(NAMES), other=st.sampled_from(NAMES), renews=st.booleans())
    def watch(self, name: str, other: str, renews: bool) -> None:
        """Redis forgets each renewal before a standby asks, which has only its own watch."""
        self.hear(name, 100)
        self.acquire_or_renew(name)
        for _ in range(3):
            self.time_passes(30)
            if renews:
                self.acquire_or_renew(other)
            self.redis_forgets(KEYS.all)
            self.acquire_or_renew(name)
            self.hear(name, 100)
            self.acquire_or_renew(name)

    @invariant()
    def one_alone_is_active(self) -> None:
        assert len([name for name, guard in self.guards.items() if guard.active]) <= 1

    @invariant()
    def tenures_deliver_in_order(self) -> None:
        assert self.passed == sorted(self.passed), self.passed

    def teardown(self) -> None:
        self.channel.close()
        for store in self.stores.values():
            self.loop.run_until_complete(store.close())
        self.loop.close()


RUNS = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_no_former_holder_delivers(redis_server: RedisServer) -> None:
    machine = type("Machine", (FenceMachine,), {"server": redis_server, "forgets": False})
    run_state_machine_as_test(machine, settings=RUNS)


def test_no_former_holder_delivers_through_a_redis_that_forgets(redis_server: RedisServer) -> None:
    machine = type("Machine", (FenceMachine,), {"server": redis_server, "forgets": True})
    run_state_machine_as_test(machine, settings=RUNS)
