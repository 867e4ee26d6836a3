"""Two hosts, one replica and one poller on each: what nothing that assumes one host would survive."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from lab_client import Lab

CHAT = 815


@pytest.mark.parametrize(
    ("host", "instances"),
    [
        (
            "aisha-a",
            {
                "aisha-webhook-api-1",
                "aisha-bot-polling-1",
                "aisha-worker-1",
                "aisha-nginx-prod",
                "aisha-registry",
            },
        ),
        ("aisha-b", {"aisha-webhook-api-2", "aisha-bot-polling-2"}),
    ],
)
def test_each_host_runs_its_share_and_all_of_it_is_healthy(lab: Lab, host: str, instances: set[str]) -> None:
    healthy = {name for name, status in lab.containers(host).items() if "(healthy)" in status}
    embedded = {"aisha-postgresql", "aisha-redis", "aisha-object-storage"}
    assert healthy - embedded == instances


def test_replicas_of_both_hosts_take_traffic(lab: Lab) -> None:
    served = Counter(lab.get("/health").headers["X-Instance-Id"] for _ in range(20))
    assert set(served) == {"webhook-api-1", "webhook-api-2"}


def test_nginx_listens_on_ipv6(lab: Lab) -> None:
    host = lab.host("aisha-a")
    asked = (
        "import ssl, urllib.request as r; context = ssl._create_unverified_context(); "
        "print(r.urlopen('https://[::1]/health', context=context, timeout=10).status)"
    )
    assert host.check_output(f'python3 -c "{asked}"') == "200"


def test_a_message_is_answered(lab: Lab) -> None:
    text = f"hello {uuid.uuid4().hex}"
    assert lab.say(text, chat_id=CHAT).until(lambda answer: text in answer)


def test_a_signed_webhook_reaches_the_user(lab: Lab) -> None:
    inbox = lab.inbox(CHAT + 1)
    assert lab.deliver(CHAT + 1).status_code == 200
    assert inbox.until(lambda _: True)


def test_exactly_one_of_the_two_pollers_ever_polled(lab: Lab) -> None:
    polls = lab.polls()
    assert polls["polls"] > 0
    assert len(polls["user_agents"]) == 1
    assert (polls["overlaps"], polls["conflicts"]) == (0, 0)


def test_when_the_host_of_the_active_poller_loses_it_the_other_host_answers(lab: Lab) -> None:
    (agent,) = lab.polls()["user_agents"]
    host, name = (
        ("aisha-a", "aisha-bot-polling-1") if "bot-polling-1" in agent else ("aisha-b", "aisha-bot-polling-2")
    )
    lab.forget()
    lab.host(host).check_output(f"lab-docker kill {name}")
    text = f"anyone? {uuid.uuid4().hex}"
    assert lab.say(text, chat_id=CHAT + 2).until(lambda answer: text in answer)
    lab.host(host).check_output(f"lab-docker start {name}")
    assert lab.polls()["overlaps"] == 0
