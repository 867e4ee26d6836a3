"""Jobs: finished on a stop, repeated without harm, told once."""

from __future__ import annotations

import secrets
import subprocess
import time
import urllib.request
from pathlib import Path

import asyncpg
import pytest
from proxy_servers import API_HOST, ENCODED, LOGIN, SECRETS, ProxyServer, serving

from backing import Gate
from conftest import App, wait_until


def deliver(app: App) -> str:
    """Have a result delivered; returns the job's key."""
    request_id = secrets.token_hex(8)
    app.standin.deliver(app.webhook().url, request_id=request_id, payload={"chat_id": app.chat})
    return f"fal:{request_id}"


def row(app: App, key: str) -> asyncpg.Record:
    return app.rows("SELECT * FROM jobs WHERE key = $1", key)[0]


def test_job_whose_worker_was_killed_is_done_by_another(app: App, orphaned_job: App) -> None:
    # First, so that it can't use up the faults that other tests order.
    app.worker()
    assert "is ready" in orphaned_job.answers(2, timeout=40)[1]


@pytest.mark.parametrize(("kind", "scheme"), [("http", "http"), ("socks5", "socks5h")])
def test_poller_and_worker_reach_telegram_through_a_proxy(app: App, kind: str, scheme: str) -> None:
    """One that resolves the API's name, and wants a login."""
    names = {API_HOST: int(app.standin.api_url.rpartition(":")[2])}
    with serving(ProxyServer(kind, LOGIN, names=names)) as proxy:
        way = {"TELEGRAM_API_URL": f"http://{API_HOST}", "TELEGRAM_PROXY": proxy.url(scheme, ENCODED)}
        processes = [app.worker(**way), app.poller(**way)]
        deliver(app)
        assert "is ready" in app.answers(1)[0]
        app.say("through the proxy")
        assert app.answers(2)[1] == "You said: through the proxy"
        for process in processes:
            process.term()
            assert process.wait() == 0
            assert not [one for one in SECRETS if one in process.output()]


@pytest.mark.parametrize(("kind", "scheme"), [("http", "http"), ("socks5", "socks5")])
def test_what_a_proxy_refuses_is_sent_again(app: App, kind: str, scheme: str) -> None:
    with serving(ProxyServer(kind, refuses=True)) as proxy:
        worker = app.worker(TELEGRAM_API_URL="https://127.0.0.1:9", TELEGRAM_PROXY=proxy.url(scheme))
        key = deliver(app)
        wait_until(lambda: row(app, key)["attempts"] > 1)
        worker.term()
        assert worker.wait() == 0
    app.worker()
    assert "is ready" in app.answers(1)[0]


def test_stop_finishes_the_running_job(app: App) -> None:
    app.poller()
    worker = app.worker(AVATAR_SECONDS="2")
    app.say("/avatar me")
    wait_until(lambda: app.rows("SELECT 1 FROM jobs WHERE chat_id = $1 AND attempts = 1", app.chat))
    started = time.monotonic()
    worker.term()
    assert worker.wait() == 0
    assert time.monotonic() - started < 6
    job = app.rows("SELECT * FROM jobs WHERE chat_id = $1", app.chat)[0]
    assert (job["state"], job["attempts"]) == ("done", 1)
    assert "is ready" in app.answers(2)[1]


def test_idle_worker_stops_at_once(app: App) -> None:
    worker = app.worker()
    started = time.monotonic()
    worker.term()
    assert worker.wait() == 0
    assert time.monotonic() - started < 3


def test_unfinished_job_goes_to_the_next_worker(app: App) -> None:
    app.poller()
    worker = app.worker(AVATAR_SECONDS="60", SHUTDOWN_TIMEOUT="1")
    app.say("/avatar me")
    wait_until(lambda: app.rows("SELECT 1 FROM jobs WHERE chat_id = $1 AND attempts = 1", app.chat))
    worker.term()
    assert worker.wait() == 0
    app.worker()
    assert "is ready" in app.answers(2)[1]


def test_jobs_are_counted(app: App) -> None:
    with Gate.free_port() as port:
        pass
    worker = app.worker(METRICS_PORT=str(port))

    def values() -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("jobs_")}

    assert (values()['jobs_total{outcome="done"}'], values()['jobs_total{outcome="failed"}']) == (0, 0)
    app.fail("sendMessage", error_code=500, count=1)
    deliver(app)
    assert len(app.answers(1)) == 1
    wait_until(lambda: values()['jobs_total{outcome="done"}'] == 1)
    assert (values()['jobs_total{outcome="failed"}'], values()["jobs_running"]) == (1, 0)
    # A port that is taken costs the metrics, not the work.
    second = app.worker(METRICS_PORT=str(port))
    second.wait_for(f"no metrics: port {port} can't be used")
    worker.term()
    assert worker.wait() == 0
    deliver(app)
    assert len(app.answers(2)) == 2


@pytest.mark.parametrize("gate", ["redis"], indirect=True)
def test_queue_goes_and_comes_back(app: App, gate: Gate) -> None:
    worker = app.worker(REDIS_URL=f"redis://:redis-secret@127.0.0.1:{gate.port}/0")
    gate.cut()
    worker.wait_for("heartbeat failed")
    key = deliver(app)
    gate.open()
    app.answers(1)
    wait_until(lambda: row(app, key)["state"] == "done")
    worker.wait_for("heartbeat works again")
    assert "Traceback" not in worker.output()


def test_strange_characters_do_no_harm(app: App) -> None:
    app.worker()
    image = "a\0b\ud800c"
    app.standin.deliver(app.webhook().url, payload={"chat_id": app.chat, "image_url": image})
    assert app.answers(1)[0].endswith("is ready: ab?c")


def test_refused_messages_are_sent_again_once(app: App) -> None:
    app.worker()
    app.fail("sendMessage", error_code=500, count=1)
    app.fail("sendMessage", error_code=429, retry_after=1, count=1)
    key = deliver(app)
    app.answers(1)
    wait_until(lambda: row(app, key)["state"] == "done")
    assert (row(app, key)["attempts"], row(app, key)["error"]) == (3, None)
    assert len(app.answers(1)) == 1


def test_lost_answer_is_not_repeated(app: App) -> None:
    app.worker()
    app.fail("sendMessage", error_code=0, count=1)
    key = deliver(app)
    wait_until(lambda: row(app, key)["state"] == "done")
    assert row(app, key)["told_at"] is None
    assert "not known whether" in row(app, key)["error"]


def test_blocked_bot_is_final(app: App) -> None:
    app.worker()
    app.fail("sendMessage", error_code=403, count=1)
    key = deliver(app)
    wait_until(lambda: row(app, key)["state"] == "done")
    assert row(app, key)["error"].startswith("403")


def test_migrations_at_once_and_back(python: Path, app: App) -> None:
    name = f"m{secrets.token_hex(4)}"
    app.rows(f"CREATE DATABASE {name}")
    url = app.environment["DATABASE_URL"].removesuffix("app") + name
    together = [app.start("migrate", None, DATABASE_URL=url) for _ in range(3)]
    assert [process.wait() for process in together] == [0, 0, 0]
    said = "".join(process.output() for process in together)
    assert (said.count('"migrated"'), said.count('"nothing to migrate"')) == (1, 2)
    environment = app.environment | {"DATABASE_URL": url}
    wanted = [("base", 0, '"migrated"'), ("head", 0, '"migrated"'), ("nonsense", 1, "nothing has changed")]
    for revision, code, text in wanted:
        command: list[str | Path] = [python, "-m", "app", "migrate", revision]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, text in done.stdout) == (code, True), done.stdout
