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

    @precondition(lambda self: self.forgets)
    @rule()
    def redis_forgets(self) -> None:
        self.client.flushdb()

    @invariant()
    def tenures_deliver_in_order(self) -> None:
        assert self.passed == sorted(self.passed), self.passed

    def teardown(self) -> None:
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
