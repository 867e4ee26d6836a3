"""The webhook API from outside."""

from __future__ import annotations

import json
import secrets
import signal
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backing import Gate
from conftest import App, wait_until


def fetch(url: str, **options: Any) -> tuple[int, dict[str, str], Any]:
    request = urllib.request.Request(url, **options)  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=10)  # noqa: S310
    except urllib.error.HTTPError as error:
        response = error
    with response:
        body = response.read()
        headers = {name.lower(): value for name, value in response.headers.items()}
    return response.status, headers, json.loads(body) if body else None


def state(app: App, request_id: str) -> str | None:
    rows = app.rows("SELECT state FROM jobs WHERE key = $1", f"fal:{request_id}")
    return rows[0]["state"] if rows else None


def test_refusals_and_names(app: App) -> None:
    api = app.webhook()
    deliver = app.standin.deliver
    refused: list[tuple[dict[str, Any], int, str]] = [
        ({"sign": False}, 401, "missing header X-Fal-Webhook-Request-Id"),
        ({"sign": "wrong"}, 401, "the signature matches no published key"),
        ({"age_s": 400}, 401, "X-Fal-Webhook-Timestamp is more than 300 s off"),
        ({"age_s": -400}, 401, "X-Fal-Webhook-Timestamp is more than 300 s off"),
        ({"body": "no JSON"}, 400, "the body is not JSON"),
        ({"body": [1]}, 400, "the body is not an object"),
        ({"body": {"status": "OK"}}, 400, "request_id is not 1 to 200 letters"),
        ({"body": {"request_id": "r", "status": "LATER"}}, 400, "status is neither OK nor ERROR"),
    ]
    for what, code, reason in refused:
        answer = deliver(api.url, **what)
        assert (answer["status_code"], reason in str(answer["json"])) == (code, True), (reason, answer)
    webhook = f"{api.url}/api/v1/avatar/status_update"
    for url, code in ((f"{api.url}/health", 200), (f"{api.url}/nowhere", 404), (webhook, 405)):
        found, headers, _ = fetch(url)
        assert (found, headers["x-instance-id"]) == (code, api.name)
    assert fetch(webhook, data=bytes(9_000_000), method="POST")[0] == 413


def test_answers_are_counted(app: App) -> None:
    api = app.webhook()
    for url in ("health", "nowhere", "nowhere"):
        fetch(f"{api.url}/{url}")
    app.standin.deliver(api.url, request_id=secrets.token_hex(8), payload={"chat_id": app.chat})
    with urllib.request.urlopen(f"{api.url}/metrics", timeout=10) as response:  # noqa: S310 - its own address
        lines = response.read().decode().splitlines()
    counted = [line for line in lines if line.startswith("http_requests_total{")]
    assert counted == [
        'http_requests_total{method="GET",status="404"} 2.0',
        'http_requests_total{method="POST",status="200"} 1.0',
    ]


def test_result_is_stored_and_told_once(app: App) -> None:
    api = app.webhook()
    app.worker()
    request_id = secrets.token_hex(8)
    payload = {"chat_id": app.chat, "image_url": "https://example.org/a.png"}

    def deliver(_: int) -> dict[str, Any]:
        return app.standin.deliver(api.url, request_id=request_id, payload=payload)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(deliver, range(12)))
    assert [answer["status_code"] for answer in answers] == [200] * 12
    assert sorted(answer["json"]["status"] for answer in answers) == ["accepted"] + ["duplicate"] * 11
    assert app.answers(1) == [f"The generation {request_id} is ready: https://example.org/a.png"]
    assert deliver(0)["json"] == {"status": "duplicate"}
    job = app.rows("SELECT * FROM jobs WHERE key = $1", f"fal:{request_id}")[0]
    assert (job["state"], job["object_key"]) == ("done", f"fal/{request_id}.json")
    assert job["told_at"] is not None
    # The worker is idle now: another message would have been sent.
    assert app.rows("SELECT 1 FROM jobs WHERE key = $1 AND attempts > 2", f"fal:{request_id}") == []
    assert len(app.answers(1)) == 1


def test_failures_are_told(app: App) -> None:
    api = app.webhook()
    app.poller()
    app.worker()
    failed, lost = (secrets.token_hex(8) for _ in range(2))
    app.standin.deliver(
        api.url, request_id=failed, status="ERROR", payload={"chat_id": app.chat}, error="no GPU"
    )
    assert app.answers(1) == [f"The generation {failed} failed: no GPU"]
    app.say(f"/track {lost}")
    wait_until(lambda: app.rows("SELECT 1 FROM fal_subscriptions WHERE request_id = $1", lost))
    app.standin.deliver(api.url, request_id=lost, payload=None)
    assert app.answers(3)[2].startswith(
        f"The generation {lost} is finished, but its result could not be delivered"
    )


def test_webhooks_are_fast(app: App) -> None:
    api = app.webhook()
    payload = {"chat_id": app.chat}
    app.standin.deliver(api.url, payload=payload)
    elapsed = [app.standin.deliver(api.url, payload=payload)["elapsed_s"] for _ in range(20)]
    # The fastest, because the machine may be busy with other tests; a fetch of keys or a queue that is
    # waited for would show in every one.
    assert min(elapsed) < 0.05


@pytest.mark.parametrize("gate", ["redis"], indirect=True)
def test_nothing_is_lost_without_queue(app: App, gate: Gate) -> None:
    app.worker()
    api = app.webhook(REDIS_URL=f"redis://:redis-secret@127.0.0.1:{gate.port}/0")
    gate.cut()
    code, _, health = fetch(f"{api.url}/health")
    assert (code, health["status"], health["database"]) == (503, "unhealthy", "ok")
    assert health["redis"] not in ("ok", "")
    request_id = secrets.token_hex(8)
    what = {"request_id": request_id, "payload": {"chat_id": app.chat}}
    assert app.standin.deliver(api.url, **what)["json"] == {"status": "accepted"}
    assert state(app, request_id) == "received"
    gate.open()
    wait_until(lambda: fetch(f"{api.url}/health")[0] == 200)
    assert app.standin.deliver(api.url, **what)["json"] == {"status": "duplicate"}
    assert app.answers(1) == [f"The generation {request_id} is ready."]


@pytest.mark.parametrize("gate", ["postgres"], indirect=True)
def test_database_goes_and_comes_back(app: App, gate: Gate) -> None:
    api = app.webhook(DATABASE_URL=f"postgresql://app:postgres%20secret@127.0.0.1:{gate.port}/app")
    wait_until(lambda: fetch(f"{api.url}/health")[0] == 200)
    gate.cut()
    code, headers, health = fetch(f"{api.url}/health")
    assert (code, health["status"], health["redis"]) == (503, "unhealthy", "ok")
    assert health["database"] not in ("ok", "")
    assert headers["x-instance-id"] == api.name
    answer = app.standin.deliver(api.url, payload={})
    assert (answer["status_code"], answer["json"]["status"]) == (503, "unavailable")
    gate.open()
    wait_until(lambda: fetch(f"{api.url}/health")[0] == 200)
    assert app.standin.deliver(api.url, payload={})["status_code"] == 200


def test_health_does_not_wait_for_a_silent_database(app: App) -> None:
    with Gate.free_port() as silent:
        api = app.webhook(DATABASE_URL=f"postgresql://app:postgres%20secret@127.0.0.1:{silent}/app")
        code, _, health = fetch(f"{api.url}/health")
    assert (code, health["database"]) == (503, "no answer within 2 s")


def test_health_names_the_reason(app: App) -> None:
    database = app.environment["DATABASE_URL"]
    wrong = database.replace("postgres%20secret", "another"), database.removesuffix("app") + "postgres"
    for url, reason in zip(wrong, ("the password was refused", "its tables are missing"), strict=True):
        api = app.webhook(DATABASE_URL=url)
        code, _, health = fetch(f"{api.url}/health")
        assert code == 503
        assert health["database"].startswith(reason)


def test_term_finishes_and_exits(app: App) -> None:
    api = app.webhook()
    api.term()
    # uvicorn ends by the signal that it got; as a container's first process it exits with 0.
    assert api.wait(5) in (0, -signal.SIGTERM)
