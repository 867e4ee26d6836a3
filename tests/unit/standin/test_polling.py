"""Who waits, how long, and who gets a conflict: the rules to the letter, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from standin.errors import ApiError
from standin.params import Params
from standin.polling import OTHER_POLL, WEBHOOK_ACTIVE, WEBHOOK_SET, Polling
from standin.updates import UpdateQueue

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FIRST = 100


class Bench:
    """A bot's polls, and what became of each: (name, seconds until the answer, ids or error)."""

    def __init__(self) -> None:
        self.queue = UpdateQueue(first_id=FIRST)
        self.webhook = False
        self.polling = Polling(self.queue, lambda: self.webhook)
        self.outcomes: list[tuple[str, float, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def poll(self, name: str = "a", **params: object) -> None:
        """One call to its end."""
        started = asyncio.get_running_loop().time()
        outcome: Any
        try:
            updates = await self.polling.get_updates(
                Params({key: str(value) for key, value in params.items()})
            )
            outcome = [update.update_id for update in updates]
        except ApiError as error:
            outcome = f"{error.code} {error.description}"
        elapsed = asyncio.get_running_loop().time() - started
        self.outcomes.append((name, round(elapsed, 2), outcome))

    async def start(self, name: str = "a", **params: object) -> asyncio.Task[None]:
        """One call in the background, which has got as far as it can at once."""
        task = asyncio.create_task(self.poll(name, **params))
        self._tasks.add(task)
        await asyncio.sleep(0)
        return task

    def push(self, count: int = 1) -> None:
        for _ in range(count):
            self.queue.push("message", {})
            self.polling.wake()

    async def end(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("timeout", "waits"),
    [(0, 0), (1, 1), (10, 10), (50, 50), (51, 50), (100_000, 50), (-5, 0), ("soon", 0), ("7s", 7)],
)
def test_timeout_is_clamped(virtually: Run, timeout: object, waits: float) -> None:
    bench = Bench()
    virtually(bench.poll(timeout=timeout))
    assert bench.outcomes == [("a", waits, [])]


@pytest.mark.parametrize(
    ("limit", "given"), [(None, 100), (0, 1), (-1, 1), (1, 1), (7, 7), (100, 100), (500, 100)]
)
def test_limit_is_clamped(virtually: Run, limit: int | None, given: int) -> None:
    bench = Bench()
    for _ in range(150):
        bench.queue.push("message", {})
    virtually(bench.poll(limit="" if limit is None else limit))
    assert len(bench.outcomes[0][2]) == given


def test_waiting_poll_is_woken_at_once_and_gathers(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start(timeout=30)
        await asyncio.sleep(5)
        bench.push(3)
        await bench.end()

    virtually(story())
    assert bench.outcomes == [("a", 5.0, [FIRST, FIRST + 1, FIRST + 2])]


@pytest.mark.parametrize(
    ("second_offset", "after", "timeout", "waits"),
    [
        pytest.param(FIRST, 1, 0, 3, id="same offset soon: 0 becomes 3 s"),
        pytest.param(FIRST, 2.9, 1, 3, id="same offset soon: 1 becomes 3 s"),
        pytest.param(FIRST, 1, 3, 3, id="3 s stay"),
        pytest.param(FIRST, 1, 20, 20, id="a longer one stays"),
        pytest.param(FIRST, 3.1, 1, 1, id="same offset later"),
        pytest.param(FIRST + 1, 1, 0, 0, id="another offset"),
    ],
)
def test_same_offset_again(
    virtually: Run, second_offset: int, after: float, timeout: int, waits: float
) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.poll("first", offset=FIRST, timeout=0)
        await asyncio.sleep(after)
        await bench.poll("second", offset=second_offset, timeout=timeout)

    virtually(story())
    assert bench.outcomes == [("first", 0, []), ("second", waits, [])]


@pytest.mark.parametrize(("after", "given"), [(0.4, 1), (0.6, 5)])
def test_same_offset_at_once_gets_one_update(virtually: Run, after: float, given: int) -> None:
    bench = Bench()
    for _ in range(5):
        bench.queue.push("message", {})

    async def story() -> None:
        await bench.poll("first", offset=FIRST)
        await asyncio.sleep(after)
        await bench.poll("second", offset=FIRST)

    virtually(story())
    assert [len(outcome) for _, _, outcome in bench.outcomes] == [5, given]


def test_newer_poll_wins(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start("older", timeout=30)
        await asyncio.sleep(2)
        await bench.start("newer", timeout=30)
        await asyncio.sleep(1)
        bench.push()
        await bench.end()

    virtually(story())
    assert bench.outcomes == [("older", 2.0, f"409 {OTHER_POLL}"), ("newer", 1.0, [FIRST])]


def test_newer_poll_that_need_not_wait_disturbs_nobody(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start("older", offset=FIRST, timeout=30)
        await asyncio.sleep(5)
        await bench.poll("newer", offset=FIRST, timeout=0)
        await bench.end()

    virtually(story())
    assert bench.outcomes == [("newer", 0, []), ("older", 30.0, [])]


def test_pending_updates_go_to_both(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start("older", offset=FIRST, timeout=30)
        await asyncio.sleep(1)
        bench.push(2)
        await bench.poll("newer", offset=FIRST, timeout=30)
        await bench.end()

    virtually(story())
    assert sorted(bench.outcomes) == [("newer", 0, [100, 101]), ("older", 1.0, [100, 101])]
    assert len(bench.queue) == 2


def test_conflict_soon_after_another_is_delayed(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start("first", timeout=50)
        await asyncio.sleep(1)
        await bench.start("second", timeout=50)
        await asyncio.sleep(1)
        await bench.start("third", timeout=50)
        await asyncio.sleep(0.5)
        await bench.start("fourth", timeout=50)
        await asyncio.sleep(10)
        await bench.start("fifth", timeout=50)
        bench.push()
        await bench.end()

    virtually(story())
    conflict = f"409 {OTHER_POLL}"
    assert bench.outcomes == [
        ("first", 1.0, conflict),
        ("second", 4.0, conflict),
        ("third", 3.5, conflict),
        ("fourth", 10.0, conflict),
        ("fifth", 0.0, [FIRST]),
    ]


def test_poll_that_was_hung_up_conflicts_with_nobody(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        abandoned = await bench.start("older", timeout=30)
        await asyncio.sleep(1)
        abandoned.cancel()
        await asyncio.sleep(0)
        await bench.start("newer", timeout=30)
        await asyncio.sleep(1)
        bench.push()
        await bench.end()

    virtually(story())
    assert bench.outcomes == [("newer", 1.0, [FIRST])]


def test_webhook_refuses_polls(virtually: Run) -> None:
    bench = Bench()
    bench.webhook = True

    async def story() -> None:
        await bench.poll("first", timeout=30)
        await bench.poll("second", timeout=30)
        await asyncio.sleep(1)
        await bench.poll("third", timeout=30)

    virtually(story())
    refusal = f"409 {WEBHOOK_ACTIVE}"
    assert bench.outcomes == [("first", 0, refusal), ("second", 3.0, refusal), ("third", 0, refusal)]


def test_set_webhook_ends_the_waiting_poll(virtually: Run) -> None:
    bench = Bench()

    async def story() -> None:
        await bench.start(timeout=30)
        await asyncio.sleep(2)
        bench.polling.abort(WEBHOOK_SET)
        await bench.end()

    virtually(story())
    assert bench.outcomes == [("a", 2.0, f"409 {WEBHOOK_SET}")]


def test_poll_counts_as_ended_when_its_conflict_is_decided(virtually: Run) -> None:
    bench = Bench()
    ended: list[float] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        bench.polling._next_conflict = begin + 1
        poll = asyncio.create_task(
            bench.polling.get_updates(Params({"timeout": "30"}), lambda: ended.append(loop.time() - begin))
        )
        await asyncio.sleep(0.5)
        bench.polling.abort(OTHER_POLL)
        with pytest.raises(ApiError, match="terminated by other"):
            await poll

    virtually(story())
    assert ended == [0.5]
