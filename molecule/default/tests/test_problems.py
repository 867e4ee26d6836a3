"""The known problems of bots in production, see docs/problems: each is provoked, and verify.yml names it."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from lab_client import Lab
from testinfra.host import Host

HOST = "aisha-one"
STORAGE = "/opt/aisha/storage"


@contextmanager
def in_the_place_of(host: Host, name: str, *command: str, options: str = "") -> Iterator[None]:
    """Run another command of an instance's image under its name, as a release with that fault would."""
    found = json.loads(host.check_output(f"docker inspect {name}"))[0]
    labels = " ".join(
        f"--label {key}={found['Config']['Labels'][key]}" for key in ("aisha.cluster", "aisha.component")
    )
    host.check_output(f"docker stop {name} && docker rename {name} {name}-kept")
    try:
        host.check_output(
            f"docker run --detach --restart unless-stopped --name {name} {labels} {options}"
            f" --entrypoint {command[0]} {found['Image']} {shlex.join(command[1:])}"
        )
        yield
    finally:
        host.run(f"docker rm --force {name}")
        host.check_output(f"docker rename {name}-kept {name} && docker start {name}")


@contextmanager
def closed_storage(host: Host) -> Iterator[None]:
    """Take the storage's write permission from the image's user."""
    mode = host.check_output(f"stat --format %a {STORAGE}")
    host.check_output(f"chmod 0755 {STORAGE} && chown root:root {STORAGE}")
    try:
        yield
    finally:
        host.check_output(f"chmod {mode} {STORAGE}")


@pytest.fixture
def troubled(lab: Lab, tmp_path: Path) -> Iterator[None]:
    """All of them at once, but for the token."""
    host = lab.host(HOST)
    known = lab.variables(HOST)
    # Of what earlier tests did to instances it may still tell.
    assert lab.playbook("monitor.yml", "--tags=quick", f"-emonitor_report_dir={tmp_path}").returncode in (
        0,
        2,
    )
    instances = json.loads((tmp_path / "aisha.json").read_text())["instances"]
    [standby] = [each["name"] for each in instances if each["role"] == "standby"]
    with ExitStack() as stack:
        stack.enter_context(closed_storage(host))
        arguments = ("uvicorn", "app.main:app", "--worker-class", "uvicorn.workers.UvicornWorker")
        stack.enter_context(in_the_place_of(host, "aisha-webhook-api-2", *arguments))
        broken = ("python", "-c", "from app.bot import MainMenuHandler")
        stack.enter_context(in_the_place_of(host, "aisha-worker-1", *broken))
        writes = ("python", "-c", "open('/app/storage/picture', 'w')")
        stack.enter_context(in_the_place_of(host, standby, *writes, options=f"-v {STORAGE}:/app/storage"))
        # Somebody else polls with the token: the newer poll wins, the active poller gets the 409.
        poll = f"{known['telegram_api_url']}/bot{known['telegram_bot_token']}/getUpdates?timeout=2"
        requests.get(poll, timeout=10)
        yield


@pytest.mark.usefixtures("troubled")
def test_each_known_problem_is_named(lab: Lab, tmp_path: Path) -> None:
    report = tmp_path / "checks.json"
    wrong = f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(26)}"
    done = lab.playbook("verify.yml", f"-everify_report_path={report}", f"-etelegram_bot_token={wrong}")
    assert done.returncode == 2, done.stdout
    checks = json.loads(report.read_text())
    failed = {
        (each["check"], each["subject"]): each["found"] for each in checks if each["status"] == "failed"
    }
    assert "revoked" in failed["bot", "token"]
    assert "--worker-class" in failed["instance", "aisha-webhook-api-2"]
    assert "cannot import name 'MainMenuHandler'" in failed["instance", "aisha-worker-1"]
    denied = [
        found for (kind, _name), found in failed.items() if kind == "instance" and "PermissionError" in found
    ]
    assert ["/app/storage/picture" in found for found in denied] == [True]
    assert "aisha-bot-polling-" in failed["pollers", "conflicts"]
    for secret in (*lab.secrets(), wrong.split(":")[1]):
        assert secret not in done.stdout + done.stderr + report.read_text()
