"""The deployed cluster, as its users and its operator see it from outside."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from pathlib import Path

import pytest
from lab_client import Lab
from updatelab import cluster
from updatelab.trials import Updates

CHAT = 4711
INSTANCES = {
    "aisha-webhook-api-1",
    "aisha-webhook-api-2",
    "aisha-bot-polling-1",
    "aisha-bot-polling-2",
    "aisha-worker-1",
    "aisha-nginx-prod",
}


def test_a_message_is_answered(lab: Lab) -> None:
    text = f"hello {uuid.uuid4().hex}"
    assert lab.say(text, chat_id=CHAT + 1).until(lambda answer: text in answer)


def test_long_work_reaches_the_user_through_the_worker(lab: Lab) -> None:
    subject = uuid.uuid4().hex[:12]
    assert lab.say(f"/avatar {subject}", chat_id=CHAT + 2).until(
        lambda answer: "s3" in answer.lower() or "ready" in answer.lower()
    )


def test_a_signed_webhook_is_accepted_and_its_result_reaches_the_user(lab: Lab) -> None:
    inbox = lab.inbox(CHAT + 3)
    delivered = lab.deliver(CHAT + 3)
    assert delivered.status_code == 200
    assert inbox.until(lambda answer: delivered.request_id in answer or "ready" in answer.lower())


@pytest.mark.parametrize(
    "fault",
    [{"sign": False}, {"age_s": 301}, {"age_s": -301}],
    ids=["unsigned", "stale", "from_the_future"],
)
def test_a_webhook_that_cannot_be_trusted_is_refused(lab: Lab, fault: dict[str, object]) -> None:
    assert lab.deliver(CHAT + 4, **fault).status_code == 401


def test_a_repeated_webhook_is_processed_once(lab: Lab) -> None:
    inbox = lab.inbox(CHAT + 5)
    request_id = str(uuid.uuid4())
    assert [lab.deliver(CHAT + 5, request_id=request_id).status_code for _ in range(3)] == [200, 200, 200]
    # What comes later has been told after whatever the repeats could have caused.
    assert inbox.until(lambda _: True)
    assert lab.deliver(CHAT + 5).status_code == 200
    assert inbox.until(lambda _: len(inbox.answers) >= 2)
    assert len(inbox.answers) == 2


def test_both_replicas_take_traffic(lab: Lab) -> None:
    served = Counter(lab.get("/health").headers["X-Instance-Id"] for _ in range(20))
    assert set(served) == {"webhook-api-1", "webhook-api-2"}
    assert min(served.values()) >= 5


def test_http_is_redirected_to_https(lab: Lab) -> None:
    response = lab.get("/health", scheme="http", redirect=False)
    assert response.status_code == 308
    assert response.headers["Location"].startswith("https://")


def test_a_body_over_the_limit_is_refused(lab: Lab) -> None:
    assert lab.post("/api/v1/avatar/status_update", b"x" * (21 * 1024 * 1024)).status_code == 413


def test_all_instances_are_healthy(lab: Lab) -> None:
    containers = lab.containers("aisha-one")
    assert containers.keys() >= INSTANCES
    assert {
        name: status for name, status in containers.items() if name in INSTANCES and "(healthy)" not in status
    } == {}


def test_no_container_was_restarted(lab: Lab) -> None:
    names = " ".join(sorted(INSTANCES))
    counts = (
        lab.host("aisha-one").check_output(f"docker inspect --format '{{{{.RestartCount}}}}' {names}").split()
    )
    assert counts == ["0"] * len(INSTANCES)


def test_exactly_one_poller_ever_polled(lab: Lab) -> None:
    polls = lab.polls()
    assert polls["polls"] > 0
    assert len(polls["user_agents"]) == 1
    assert (polls["overlaps"], polls["conflicts"]) == (0, 0)


def test_storage_and_logs_are_writable_for_the_image_user(lab: Lab) -> None:
    host = lab.host("aisha-one")
    for name in ("aisha-bot-polling-1", "aisha-bot-polling-2", "aisha-worker-1", "aisha-webhook-api-1"):
        write = (
            "import pathlib; [pathlib.Path(f'/app/{d}/{name}').write_text('') for d in ('logs', 'storage')]"
        )
        host.check_output(f'docker exec {name} python -c "{write.replace("{name}", name)}"')
        assert host.check_output(f"docker exec {name} id -u") != "0"


def test_the_registry_holds_the_release(lab: Lab) -> None:
    catalog = lab.host("aisha-one").check_output(
        "docker exec aisha-registry wget -qO- http://127.0.0.1:5000/v2/_catalog"
    )
    for repository in ("aisha-webhook", "aisha-bot"):
        assert repository in catalog


def test_application_images_run_by_digest(lab: Lab) -> None:
    for name in INSTANCES - {"aisha-nginx-prod"}:
        image = lab.host("aisha-one").check_output(f"docker inspect --format '{{{{.Config.Image}}}}' {name}")
        assert re.search(r"@sha256:[0-9a-f]{64}$", image), (name, image)


def test_check_mode_foresees_no_change_and_shows_no_secret(lab: Lab) -> None:
    done = lab.playbook("site.yml", "--check", "--diff", "-vvv")
    assert done.returncode == 0, done.stdout
    recaps = re.findall(r"changed=(\d+)", done.stdout.split("PLAY RECAP")[1])
    assert set(recaps) == {"0"}
    assert [secret for secret in lab.secrets() if secret in done.stdout + done.stderr] == []


def test_secrets_are_nowhere_but_in_the_containers_environment(lab: Lab, tmp_path: Path) -> None:
    """Searches what the run left on the host, its processes' arguments, and every container's log."""
    assert cluster.exposed(Updates(lab, "aisha-one", tmp_path).engine, lab.secrets()) == []


def test_a_replica_that_stops_fails_no_request(lab: Lab) -> None:
    host = lab.host("aisha-one")
    host.check_output("docker stop aisha-webhook-api-1")
    try:
        answers = [lab.get("/health") for _ in range(20)]
        delivered = [lab.deliver(CHAT + 7).status_code for _ in range(4)]
    finally:
        host.check_output("docker start aisha-webhook-api-1")
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["X-Instance-Id"] for answer in answers} == {"webhook-api-2"}
    assert delivered == [200] * 4


def test_when_the_active_poller_stops_the_other_one_answers(lab: Lab) -> None:
    (agent,) = lab.polls()["user_agents"]
    active = re.search(r"bot-polling-\d", agent).group()  # type: ignore[union-attr] # the line above found it
    host = lab.host("aisha-one")
    lab.forget()
    host.check_output(f"docker stop aisha-{active}")
    text = f"still there? {uuid.uuid4().hex}"
    assert lab.say(text, chat_id=CHAT + 6).until(lambda answer: text in answer)
    host.check_output(f"docker start aisha-{active}")
    polls = lab.polls()
    assert polls["overlaps"] == 0
    assert any(active not in name for name in polls["user_agents"])
