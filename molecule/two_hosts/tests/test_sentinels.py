"""The lease's Redis is watched by three Sentinels: polling goes on where they move it to."""

from __future__ import annotations

import time
import uuid

from lab_client import Lab

CHAT = 1517
MOVED_S = 60


def master(lab: Lab) -> str:
    """Return the address of the Redis that the Sentinels name."""
    asked = "lab-docker exec lease-sentinel-26400 redis-cli -p 26400 sentinel get-master-addr-by-name lease"
    return str(lab.host("aisha-a").check_output(asked).splitlines()[0])


def test_polling_goes_on_at_the_redis_that_the_sentinels_choose(lab: Lab) -> None:
    former = master(lab)
    assert former == lab.variables("aisha-a")["lab_address"]
    lab.forget()
    host = lab.host("aisha-a")
    host.check_output("lab-docker exec lease-sentinel-26400 redis-cli -p 26400 sentinel failover lease")
    deadline = time.monotonic() + MOVED_S
    while master(lab) == former:
        assert time.monotonic() < deadline, f"{former} is the master after {MOVED_S} s"
        time.sleep(0.2)
    text = f"moved? {uuid.uuid4().hex}"
    assert lab.say(text, chat_id=CHAT).until(lambda answer: text in answer)
    polls = lab.polls()
    assert polls["polls"] > 0
    assert (polls["overlaps"], polls["conflicts"]) == (0, 0)
