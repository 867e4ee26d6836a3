"""When a guard's own watch over a lost lease replaces the wait that Redis would begin anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pollguard.clock import now as real_now
from pollguard.config import Margins
from pollguard.lease.model import Answer, Keys, Take, Tenure
from pollguard.lease.redis_client import Connector
from pollguard.lease.redis_url import parse_redis_url
from pollguard.lease.store import LeaseStore
from pollguard.lease.watch import Watch
from pollguard_harness import RedisServer

KEYS = Keys("pollguard:{1}:lease")
MARGINS = Margins(ttl=60.0, renew=0.5, request_timeout=2.0)


@dataclass
class Scene:
    """A watch of 3 s, and its clock."""

    now: float = 100.0

    def __post_init__(self) -> None:
        self.watch = Watch(3.0, lambda: self.now)
        self.watch.subscribed()

    def lose(self, until: str, asked_at: float | None = None) -> Answer:
        """Redis answers that it doesn't know of any holder."""
        asked_at = self.now if asked_at is None else asked_at
        self.now += 0.01
        answer = Answer(False, "", 0, 3.0, (), self.now, until=until)
        self.watch.answered(answer, asked_at)
        return answer

    def hold(self) -> None:
        answer = Answer(False, "two", 7, 3.0, (), self.now, until="9")
        self.watch.answered(answer, self.now)


def test_a_loss_that_was_heard_after_a_watch_of_one_time_to_live_counts() -> None:
    scene = Scene()
    scene.lose("1000")
    scene.now += 2.9
    scene.watch.heard("lost 4000")
    assert scene.watch.told(scene.lose("4000")) == ""
    scene.now += 0.1
    assert scene.watch.told(scene.lose("4000")) == "4000"
    assert scene.watch.told(None) == ""
    # Of a later loss nothing has been heard yet: what was announced before it may be on its way.
    assert scene.watch.told(scene.lose("5000")) == ""
    scene.watch.heard("lost 5000")
    assert scene.watch.told(scene.lose("5000")) == "5000"


@pytest.mark.parametrize("sign", ["taken", "restored", "holder", "resubscribed"])
def test_each_sign_of_a_holder_begins_it_anew(sign: str) -> None:
    scene = Scene()
    scene.lose("1000")
    scene.now += 5
    match sign:
        case "holder":
            scene.hold()
        case "resubscribed":
            scene.watch.unsubscribed()
            scene.watch.subscribed()
        case _:
            scene.watch.heard(sign)
    scene.watch.heard("lost 4000")
    scene.lose("4000")
    scene.now += 2.9
    assert scene.watch.told(scene.lose("4000")) == ""
    scene.now += 0.2
    assert scene.watch.told(scene.lose("4000")) == "4000"


def test_an_answer_to_an_earlier_request_refutes_no_sign() -> None:
    scene = Scene()
    asked_at = scene.now
    scene.now += 0.1
    scene.watch.heard("restored")
    scene.watch.heard("lost 4000")
    scene.lose("4000", asked_at)
    scene.now += 5
    assert scene.watch.told(scene.lose("4000")) == "", "the watch begins with this answer only"


def test_a_release_is_no_sign_of_a_holder() -> None:
    scene = Scene()
    scene.lose("1000")
    scene.now += 3
    scene.watch.heard("released 7")
    scene.watch.heard("lost 4000")
    assert scene.watch.told(scene.lose("4000")) == "4000"


def test_who_hears_nothing_watches_nothing() -> None:
    scene = Scene()
    scene.lose("1000")
    scene.watch.heard("lost 4000")
    scene.watch.unsubscribed()
    scene.now += 5
    assert scene.watch.told(scene.lose("4000")) == ""


@pytest.fixture
async def stores(redis_server: RedisServer) -> AsyncIterator[tuple[LeaseStore, LeaseStore]]:
    redis_server.use(KEYS.lease)
    connector = Connector(parse_redis_url(redis_server.url), MARGINS.request_timeout)
    made = [LeaseStore(connector.client, KEYS, name, MARGINS, real_now) for name in ("one", "two")]
    yield made[0], made[1]
    for store in made:
        await store.close()


async def lose_lease(server: RedisServer, one: LeaseStore, two: LeaseStore) -> tuple[Tenure, str]:
    """One holds the lease, all is lost, and two is told so: the tenure, and `until`."""
    tenure, _answer = await one.attempt("t", 0, Take.EXPIRED)
    assert tenure is not None
    server.client.delete(*KEYS.all)
    held, answer = await two.attempt("u", 1, Take.EXPIRED)
    assert held is None
    return tenure, answer.until


async def test_redis_grants_a_lost_lease_to_who_has_watched(
    stores: tuple[LeaseStore, LeaseStore], redis_server: RedisServer
) -> None:
    one, two = stores
    former, until = await lose_lease(redis_server, one, two)
    assert (await two.attempt("u", 1, Take.EXPIRED))[0] is None, "without a watch it waits"
    assert (await two.attempt("u", 1, Take.RELEASED, told=until))[0] is None
    assert (await two.attempt("u", 1, Take.EXPIRED, told=str(int(until) + 1)))[0] is None
    tenure, _answer = await two.attempt("u", 1, Take.EXPIRED, told=until)
    assert tenure is not None
    assert tenure.epoch == 2
    assert not await one.deliver(former, 9, 9)
    assert (await one.renew(former))[0] is None


@pytest.mark.parametrize("then", ["kept", "lost again"])
async def test_redis_grants_no_lease_that_was_renewed_meanwhile(
    stores: tuple[LeaseStore, LeaseStore], redis_server: RedisServer, then: str
) -> None:
    one, two = stores
    former, until = await lose_lease(redis_server, one, two)
    assert (await one.renew(former))[0] is not None
    if then == "lost again":
        redis_server.client.delete(KEYS.lease)
    assert (await two.attempt("u", 1, Take.EXPIRED, told=until))[0] is None


async def test_redis_grants_no_lease_that_it_lost_once_more(
    stores: tuple[LeaseStore, LeaseStore], redis_server: RedisServer
) -> None:
    one, two = stores
    _tenure, until = await lose_lease(redis_server, one, two)
    redis_server.client.delete(*KEYS.all)
    held, answer = await two.attempt("u", 1, Take.EXPIRED, told=until)
    assert held is None
    assert answer.until != until


async def test_what_a_loss_leads_to_is_announced(
    stores: tuple[LeaseStore, LeaseStore], redis_server: RedisServer
) -> None:
    one, two = stores
    notices = two.notices()
    assert await anext(notices) == ""
    former, until = await lose_lease(redis_server, one, two)
    await one.renew(former)
    await one.renew(former)
    await one.release("t", 12)
    heard = [await anext(notices) for _notice in range(4)]
    assert heard == ["taken", f"lost {until}", "restored", "released 12"]
    await notices.aclose()  # type: ignore[attr-defined]
