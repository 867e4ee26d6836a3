"""When a guard takes, keeps and gives up the lease: with a store that says what the test wants, and a clock
that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from pollguard.config import Margins
from pollguard.lease.manager import Leasing
from pollguard.lease.model import Answer, LeaseError, LeaseRefusedError, Take, Tenure

MARGINS = Margins()  # ttl 3, renew 0.5


@dataclass
class FakeStore:
    """Answers `replies` in turn, the last one again and again."""

    clock: FakeClock
    replies: list[Answer | LeaseError]
    takes: list[Take] = field(default_factory=list)
    restores: list[bool] = field(default_factory=list)
    fences: list[bool | LeaseError] = field(default_factory=list)
    released: list[tuple[str, int | None]] = field(default_factory=list)

    def _reply(self) -> Answer:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, LeaseError):
            raise reply
        return replace(reply, at=self.clock.now)

    async def attempt(
        self, token: str, seen_epoch: int, take: Take, *, ready: bool, told: str = ""
    ) -> tuple[Tenure | None, Answer]:
        self.takes.append(take)
        answer = self._reply()
        return Tenure(token, answer.epoch, "one", self.clock.now) if answer.mine else None, answer

    async def renew(self, tenure: Tenure, *, restore: bool) -> tuple[Tenure | None, Answer]:
        self.restores.append(restore)
        answer = self._reply()
        return Tenure(tenure.token, tenure.epoch, "one", self.clock.now) if answer.mine else None, answer

    async def deliver(self, tenure: Tenure, delivered: int, confirmed: int) -> bool:
        says = self.fences.pop(0)
        if isinstance(says, LeaseError):
            raise says
        return says

    async def release(self, token: str, position: int | None = None) -> bool:
        self.released.append((token, position))
        return True


@dataclass
class FakeClock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


HELD = Answer(False, "two", 7, 2.0, (), 0.0)
MINE = Answer(True, "one", 7, 3.0, (), 0.0)
GONE = Answer(False, "", 0, 0.0, (), 0.0)
GIVEN_UP = Answer(False, "", 0, 0.0, (), 0.0, released=True)


def make(
    *replies: Answer | LeaseError, may_take: bool = True, keep: bool = False
) -> tuple[Leasing, FakeStore, FakeClock]:
    clock = FakeClock()
    store = FakeStore(clock, list(replies))
    leasing = Leasing(store, MARGINS, clock, lambda: None, lambda: may_take, keep=keep)  # type: ignore[arg-type]
    return leasing, store, clock


async def test_a_lease_that_redis_calls_expired_too_early_is_not_taken() -> None:
    """The clock of Redis jumped forward under a holder who is well."""
    leasing, store, clock = make(HELD, GONE)
    await leasing.ask()
    clock.now += 0.5  # of the 2 seconds that it was to last
    assert await leasing.ask() == clock.now + 0.5
    clock.now += 1.4
    due = await leasing.ask()
    assert due == pytest.approx(1002.0), "asked again the moment it may be"
    clock.now = due
    await leasing.ask()
    assert store.takes[1:] == [Take.RELEASED, Take.RELEASED, Take.EXPIRED]


async def test_what_was_given_up_may_be_taken_at_once() -> None:
    leasing, store, clock = make(HELD, GIVEN_UP)
    await leasing.ask()
    clock.now += 0.1
    await leasing.ask()
    assert store.takes[-1] is Take.RELEASED
    assert await leasing.ask() == clock.now + 0.5


async def test_a_guard_that_has_just_been_started_watches_for_a_time_to_live() -> None:
    leasing, store, clock = make(GONE)
    await leasing.ask()
    clock.now += 2.9
    await leasing.ask()
    clock.now += 0.1
    await leasing.ask()
    assert store.takes == [Take.RELEASED, Take.RELEASED, Take.EXPIRED]


async def test_each_sign_of_the_holder_begins_the_watch_anew() -> None:
    leasing, store, clock = make(HELD, HELD, HELD, GONE)
    for _ in range(3):
        await leasing.ask()
        clock.now += 1.5
    assert leasing.free_since is None
    await leasing.ask()
    assert store.takes[-1] is Take.RELEASED
    assert leasing.free_since == clock.now
    clock.now += 0.5
    await leasing.ask()
    assert store.takes[-1] is Take.EXPIRED


async def test_who_may_not_take_only_asks() -> None:
    leasing, store, clock = make(GONE, may_take=False)
    clock.now += 100
    await leasing.ask()
    assert store.takes == [Take.NONE]


async def test_active_only_with_time_to_spare() -> None:
    leasing, _, clock = make(MINE, LeaseError("away"))
    await leasing.ask()
    assert leasing.active
    clock.now += 2.4
    await leasing.ask()
    assert leasing.active
    clock.now += 0.1  # 2.5: half a second before another may have it
    assert not leasing.active
    assert leasing.tenure is not None


async def test_keep_stays_active_while_redis_is_away_and_only_then() -> None:
    leasing, _, clock = make(MINE, LeaseError("away"), HELD, keep=True)
    await leasing.ask()
    clock.now += 100
    assert not leasing.active, "frozen, as Redis has not failed it"
    await leasing.ask()
    assert leasing.failing
    assert leasing.active
    await leasing.ask()
    assert not leasing.active


@pytest.mark.parametrize(
    ("seconds", "keep", "restores"), [(2.9, False, True), (3.0, False, False), (3.0, True, True)]
)
async def test_only_in_time_a_lost_lease_is_put_back(seconds: float, keep: bool, restores: bool) -> None:
    leasing, store, clock = make(MINE, GONE, keep=keep)
    await leasing.ask()
    clock.now += seconds
    assert await leasing.ask() == clock.now, "if it can't be, it is asked for at once"
    assert store.restores == [restores]
    assert leasing.tenure is None


async def test_each_tenure_has_a_token_of_its_own() -> None:
    leasing, store, _ = make(MINE)
    for _ in range(2):
        await leasing.ask()
        await leasing.release(12)
    await leasing.ask()
    leasing.drop()
    await leasing.ask()
    assert leasing.tenure is not None
    tokens = [token for token, _ in store.released] + [leasing.tenure.token]
    assert len(set(tokens)) == 3
    assert [position for _, position in store.released] == [12, 12]
    assert leasing.takes == 4


@pytest.mark.parametrize(
    ("fences", "replies", "passes"),
    [
        ([True], [MINE], True),
        # Redis forgot: renewing puts the lease back.
        ([False, True], [MINE, MINE], True),
        ([False], [MINE, HELD], False),
        ([False, False], [MINE, MINE], False),
        # An answer that was lost: asked again until it is known.
        ([LeaseError("lost"), True], [MINE], True),
    ],
)
async def test_the_fence(
    fences: list[bool | LeaseError], replies: list[Answer | LeaseError], passes: bool
) -> None:
    leasing, store, _ = make(*replies)
    store.fences = fences
    await leasing.ask()
    assert await leasing.deliver(20, 10) is passes
    assert store.fences == []


async def test_the_fence_is_shut_when_time_is_over() -> None:
    leasing, store, clock = make(MINE)
    await leasing.ask()
    clock.now += 2.5
    assert not await leasing.deliver(20, 10)
    assert store.fences == []


async def test_keep_delivers_without_redis() -> None:
    leasing, store, clock = make(MINE, LeaseError("away"), keep=True)
    await leasing.ask()
    clock.now += 100
    await leasing.ask()
    assert await leasing.deliver(20, 10)
    assert store.fences == []


async def test_a_refusal_is_told_apart() -> None:
    leasing, _, _ = make(LeaseRefusedError("WRONGPASS"), LeaseError("away"), HELD)
    assert [(await leasing.ask(), leasing.refused, leasing.failing)[1:] for _ in range(3)] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert leasing.errors == 2
    assert leasing.last_error == "away"


async def test_the_position_that_was_read_last_outlives_redis_memory() -> None:
    leasing, _, _ = make(replace(HELD, delivered=20, confirmed=10), HELD, GONE)
    for _ in range(3):
        await leasing.ask()
        assert leasing.known_position == (20, 10)
    # Between two answers a release says it.
    leasing._hear("released 25")
    assert leasing.known_position == (25, 25)
    for crash in ("released ", "taken"):
        leasing._hear(crash)
    assert leasing.known_position == (25, 25)


async def test_a_lease_that_is_anothers_is_lost_until_it_is_taken_again() -> None:
    leasing, _, clock = make(MINE, HELD, GIVEN_UP, MINE)
    await leasing.ask()
    assert leasing.lost_at is None
    await leasing.ask()
    assert leasing.lost_at == clock.now
    await leasing.ask()
    assert leasing.lost_at is not None
    await leasing.ask()
    assert leasing.lost_at is None


async def test_a_lease_that_somebody_takes_after_it_ran_out_is_lost_then() -> None:
    leasing, _, clock = make(MINE, GONE, GONE, HELD, GONE)
    for _ in range(3):
        await leasing.ask()
        assert leasing.lost_at is None, "if it is taken again, the bot goes on where it is"
    for _ in range(2):
        await leasing.ask()
        assert leasing.lost_at == clock.now


async def test_a_lease_that_was_given_up_is_not_lost() -> None:
    leasing, _, _ = make(MINE, HELD)
    await leasing.ask()
    await leasing.release(12)
    await leasing.ask()
    assert leasing.lost_at is None
