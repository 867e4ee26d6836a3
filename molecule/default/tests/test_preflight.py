"""Preflight of the running cluster: ready as it stands, and each thing that isn't is named in one run."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab_client import Lab

HOST = "aisha-one"
PORT = 18999
WRONG = "not-the-password"
KINDS = """
access bot_token bot_webhook certificate clock disk engine folder group image_registry images inventory memory
monitoring other_poller port registry service waiting_updates
"""
NEVER_ANSWERS = f"import socket, time; s = socket.create_server(('0.0.0.0', {PORT})); time.sleep(600)"


def containers(lab: Lab) -> str:
    """Return all containers with their identities, and when those that run were started."""
    inspect = "docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}}'"
    return str(lab.host(HOST).check_output(f"docker ps --all --quiet | xargs {inspect} | sort"))


@pytest.fixture(autouse=True)
def cluster_is_untouched(lab: Lab) -> Iterator[None]:
    """Compare the containers before and after: none is replaced, and none is left over."""
    before = containers(lab)
    yield
    assert containers(lab) == before


@dataclass(frozen=True)
class Run:
    """One run: its exit code, its checks, what it said, in which no secret is, and its time."""

    code: int
    checks: list[dict[str, str]]
    said: str
    elapsed_s: float

    @property
    def failed(self) -> dict[tuple[str, str], dict[str, str]]:
        """The checks that failed, by host and kind."""
        return {
            (check["host"], check["check"]): check for check in self.checks if check["status"] == "failed"
        }


def preflight(lab: Lab, folder: Path, *arguments: str) -> Run:
    """Run it."""
    report = folder / "checks.json"
    began = time.monotonic()
    done = lab.playbook("preflight.yml", f"-epreflight_report={report}", *arguments)
    elapsed = time.monotonic() - began
    said = done.stdout + done.stderr
    assert [secret for secret in lab.secrets() if secret in said] == []
    assert report.exists(), said
    return Run(done.returncode, json.loads(report.read_text()), said, elapsed)


@pytest.fixture(scope="module")
def ready(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the cluster as it stands."""
    return preflight(lab, tmp_path_factory.mktemp("ready"))


def variables(**values: Any) -> tuple[str, str]:
    return "-e", json.dumps(values)


def test_the_cluster_is_ready_as_it_stands(ready: Run) -> None:
    assert ready.code == 0, ready.said
    assert ready.failed == {}
    checks = ready.checks
    passed = {check["check"] for check in checks if check["status"] == "passed"}
    assert passed >= set(KINDS.split())
    services = {
        check["subject"].split(" at ")[0]: check["found"] for check in checks if check["check"] == "service"
    }
    assert services == dict.fromkeys(
        ("PostgreSQL", "Redis", "The lease's Redis", "S3"), "answers to the application's credentials"
    )
    listening = {
        check["found"].removesuffix(" listens there") for check in checks if check["check"] == "port"
    }
    assert listening >= {"aisha-nginx-prod", "aisha-registry", "aisha-webhook-api-1", "aisha-webhook-api-2"}


@pytest.fixture
def never_answers(lab: Lab) -> Iterator[int]:
    """Have a program on the host that takes connections and never says a word."""
    host = lab.host(HOST)
    host.check_output(f'systemd-run --quiet --collect --unit=never-answers python3 -c "{NEVER_ANSWERS}"')
    yield PORT
    host.check_output("systemctl stop never-answers")


@pytest.fixture
def expired(tmp_path: Path) -> dict[str, str]:
    """Return the inputs for a certificate that expired three days ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot.example.com")])
    until = datetime.now(UTC) - timedelta(days=3)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), until - timedelta(9), until
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "bot.pem").write_bytes(certificate)
    (tmp_path / "bot.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {"nginx_tls_certificate": f"{tmp_path}/bot.pem", "nginx_tls_key": f"{tmp_path}/bot.key"}


def test_all_that_is_not_ready_is_named_together(
    lab: Lab, tmp_path: Path, ready: Run, never_answers: int, expired: dict[str, str]
) -> None:
    known = {name: lab.variables(HOST)[name] for name in ("lab_project", "lab_scenario")}
    more = {"ansible_port": 9, "ansible_host": "127.0.0.1", **known}
    undefined = {"ansible_connection": "local", **known, "cluster_home": "{{ vault_that_is_missing }}"}
    inventory = {"webhook_api": {"hosts": {"gone": more, "undefined": undefined}}}
    (tmp_path / "more.yml").write_text(json.dumps(inventory))
    unknown = f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(26)}"
    run = preflight(
        lab,
        tmp_path,
        f"--inventory={tmp_path}/more.yml",
        "-vvv",
        *variables(
            telegram_bot_token=unknown,
            database_url=f"postgresql://aisha:{WRONG}@{lab.address}:{never_answers}/aisha",
            redis_url=f"redis://:{WRONG}@aisha-redis:6379/0",
            cluster_address=lab.address,
            nginx_http_port=never_answers,
            preflight_disk_minimum_mb=10**9,
            preflight_memory_margin_mb=10**9,
            preflight_outgoing_urls=["http://127.0.0.1:9"],
            **expired,
        ),
    )
    assert run.code != 0
    assert WRONG not in run.said
    assert unknown.partition(":")[2] not in run.said
    found = run.failed
    kinds = ("bot_token", "certificate", "disk", "memory", "outgoing", "port", "service")
    assert found.keys() >= {*((HOST, kind) for kind in kinds), ("gone", "access"), ("undefined", "inventory")}
    assert {kind for host, kind in found if host == HOST} == set(kinds)
    assert "revoked" in found[HOST, "bot_token"]["advice"]
    assert "that it expired at" in found[HOST, "certificate"]["found"]
    assert "that process python3 (" in found[HOST, "port"]["found"]
    assert "Connection refused" in found["gone", "access"]["found"]
    assert found["undefined", "inventory"]["subject"] == "cluster_home"
    assert "'vault_that_is_missing' is undefined" in found["undefined", "inventory"]["found"]
    services = {
        check["subject"].split(" at ")[0]: check
        for check in run.checks
        if (check["check"], check["status"]) == ("service", "failed")
    }
    assert services.keys() == {"PostgreSQL", "Redis", "The lease's Redis"}
    assert "timeout" in services["PostgreSQL"]["found"]
    assert "password" in services["Redis"]["found"]
    assert all(check["expected"] and check["found"] and check["advice"] for check in found.values())
    # Whoever hangs costs their time once.
    assert run.elapsed_s < ready.elapsed_s + 15, run.said


def test_a_webhook_is_named(lab: Lab, tmp_path: Path) -> None:
    url = "https://elsewhere.example.com/hook"
    lab.set_webhook(url)
    try:
        run = preflight(lab, tmp_path)
    finally:
        lab.set_webhook("")
    assert run.code != 0
    assert run.failed.keys() == {(HOST, "bot_webhook")}, run.said
    assert run.failed[HOST, "bot_webhook"]["found"] == url


def test_the_token_of_another_bot_is_named(lab: Lab, tmp_path: Path) -> None:
    run = preflight(lab, tmp_path, *variables(telegram_bot_username="some_other_bot"))
    assert run.code != 0
    assert run.failed.keys() == {(HOST, "bot_token")}, run.said
    assert run.failed[HOST, "bot_token"]["expected"] == "@some_other_bot"
