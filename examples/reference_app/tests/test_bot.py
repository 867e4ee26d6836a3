"""The bot as a user sees it, and what stops and crashes do to it."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from backing import Gate
from conftest import BOT, App, wait_until

pytestmark = pytest.mark.usefixtures("orphaned_job")


def test_conversation(app: App) -> None:
    app.poller(INSTANCE_ID="bot-polling-7")
    app.say("/start")
    app.answers(1)
    log = app.standin.get(f"log?username={BOT}")["log"]
    sent = [entry for entry in log if entry["method"] == "sendMessage"][-1]
    assert "Draw my avatar" in str(sent["params"])
    assert sent["user_agent"] == "reference-app (bot-polling-7)"
    app.say("good morning")
    assert app.answers(2)[1] == "You said: good morning"
    app.press("instance")
    assert app.answers(3)[2] == "You are talking to bot-polling-7."
    app.say("/wait forever")
    assert app.answers(4)[3].startswith("How long?")
    agents = app.standin.get(f"polls?username={BOT}")["user_agents"]
    assert "reference-app (bot-polling-7)" in agents


def test_avatar_is_stored_and_told(app: App, objects: Path) -> None:
    app.poller()
    app.worker()
    app.say("/avatar a red fox")
    texts = app.answers(2)
    assert "Drawing an avatar for “a red fox”" in texts[0]
    assert "Your avatar for “a red fox” is ready: avatars/" in texts[1]
    name = texts[1].split("/")[1].split(" ")[0]
    assert list(objects.rglob(f"*{name}*"))
    wait_until(lambda: app.rows("SELECT 1 FROM jobs WHERE chat_id = $1 AND state = 'done'", app.chat))
    app.press("pictures")
    assert app.answers(3)[2] == f"done: avatars/{name}"


def test_stop_loses_nothing_and_repeats_nothing(app: App) -> None:
    first = app.poller()
    chats = [app.chat + number for number in range(3)]
    updates = [app.say("/wait 3", chat=chat) for chat in chats]
    wait_until(lambda: app.is_handling(*updates))
    time.sleep(1)
    first.term()
    app.poller()
    assert first.wait() == 0
    assert '"updates": 3' in first.wait_for('"message": "finishing"')
    app.say("still there?")
    app.answers(1)
    for chat in chats:
        assert app.answers(1, chat=chat) == ["Waited 3 s."]


def test_handler_that_outlives_the_stop_is_left_to_the_next(app: App) -> None:
    first = app.poller(SHUTDOWN_TIMEOUT="1")
    update = app.say("/wait 4")
    wait_until(lambda: app.is_handling(update))
    first.term()
    assert first.wait() == 0
    app.poller()
    assert app.answers(1) == ["Waited 4 s."]


def test_crash_in_a_handler_is_taken_up_by_the_other(app: App) -> None:
    first = app.poller()
    update = app.say("/wait 2")
    wait_until(lambda: app.is_handling(update))
    app.poller()
    first.signal(signal.SIGKILL)
    assert app.answers(1) == ["Waited 2 s."]


def test_frozen_poller_does_not_answer_for_a_lost_claim(app: App) -> None:
    first = app.poller()
    # Long enough to be frozen while it waits, also on a busy machine.
    app.say("/wait 6")
    # The claim's: looking for overdue updates locks them, too.
    claims = (
        f"FROM pg_stat_activity WHERE application_name = 'reference-app {first.name}'"
        " AND state = 'idle in transaction' AND query LIKE '%outcome=%' AND query NOT LIKE '%attempts=%'"
    )
    wait_until(lambda: app.rows(f"SELECT 1 {claims}"))
    first.signal(signal.SIGSTOP)
    # What PostgreSQL does by itself once a claim has been silent for too long.
    assert len(app.rows(f"SELECT pg_terminate_backend(pid) {claims}")) == 1
    app.poller()
    assert app.answers(1, timeout=30) == ["Waited 6 s."]
    first.signal(signal.SIGCONT)
    first.wait_for("ClaimLost")
    assert len(app.answers(1)) == 1


def test_two_pollers_answer_each_update_once(app: App) -> None:
    app.poller()
    app.poller()
    chats = [app.chat + number for number in range(20)]
    for chat in chats:
        app.say("hello", chat=chat)
    for chat in chats:
        app.answers(1, chat=chat)
    found = app.standin.get(f"answers?username={BOT}")["answers"]
    counts = Counter(answer["chat_id"] for answer in found if answer["chat_id"] in chats)
    assert counts == dict.fromkeys(chats, 1)


def test_conflicts_and_an_unreachable_api_are_tried_again(app: App) -> None:
    app.fail("getUpdates", error_code=409, count=1)
    app.poller().wait_for("someone else polls with this token")
    app.say("hello")
    app.answers(1)
    with Gate.free_port() as closed:
        pass
    # A bot of its own: ours may have left it something to finish.
    other = {"TELEGRAM_BOT_TOKEN": "9" + app.environment["TELEGRAM_BOT_TOKEN"]}
    stranded = app.poller("Cannot connect", TELEGRAM_API_URL=f"http://127.0.0.1:{closed}", **other)
    stranded.term()
    assert stranded.wait(5) == 0


def test_failed_answers_are_sent_again(app: App) -> None:
    app.poller()
    app.fail("sendMessage", error_code=429, retry_after=1, count=1)
    app.say("hello")
    assert app.answers(1) == ["You said: hello"]
    app.fail("sendMessage", error_code=500, count=5)
    app.say("again")
    assert app.answers(2)[1:] == ["You said: again"]


@pytest.mark.parametrize("gate", ["postgres"], indirect=True)
def test_database_goes_and_comes_back(app: App, gate: Gate) -> None:
    url = app.environment["DATABASE_URL"]
    poller = app.poller(DATABASE_URL=f"{url.rpartition(':')[0]}:{gate.port}/app")
    app.say("/wait 1")
    one = app.say("one", chat=app.chat + 1)
    app.answers(1, chat=app.chat + 1)
    done = "SELECT 1 FROM processed_updates WHERE update_id = $1 AND done_at IS NOT NULL"
    wait_until(lambda: app.rows(done, one))
    gate.cut()
    app.say("two", chat=app.chat + 1)
    poller.wait_for("ClaimLost")
    gate.open()
    assert app.answers(2, chat=app.chat + 1) == ["You said: one", "You said: two"]
    assert app.answers(1) == ["Waited 1 s."]


def test_health(app: App) -> None:
    def health(name: str, role: str) -> tuple[int, str]:
        command: list[str | Path] = [app.python, "-m", "app.health", role]
        environment = app.environment | {"INSTANCE_ID": name}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    poller, worker, nobody = app.poller(), app.worker(), secrets.token_hex(4)
    wait_until(lambda: health(poller.name, "polling") == (0, "healthy"))
    wait_until(lambda: health(worker.name, "worker") == (0, "healthy"))
    assert health(poller.name, "worker") == (1, "this is a polling, not a worker")
    assert health(nobody, "worker") == (1, "no heartbeat")
    worker.term()
    assert worker.wait(5) == 0
    assert health(worker.name, "worker") == (1, "no heartbeat")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["bogus"], "unknown command 'bogus'"),
        ([], "unknown command ''"),
        (["worker", "now"], "takes no arguments"),
    ],
)
def test_wrong_usage(python: Path, environment: dict[str, str], arguments: list[str], text: str) -> None:
    command: list[str | Path] = [python, "-m", "app", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert text in done.stderr
