"""What an inventory's files, and Telegram, have to say against a run: told before any host is changed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ROOT
from run_playbook import LOCAL, run
from standin_process import Standin

APPLICATION = ROOT / "examples" / "reference_app"


def refused(folder: Path, bot: dict[str, str], **inputs: Any) -> str:
    """Run site.yml, which must fail and change nothing; returns what it said, in one line."""
    playbook = ROOT / "playbooks" / "site.yml"
    values = {"images_source": str(APPLICATION), **bot, **inputs}
    done = run(folder, playbook, {"here": LOCAL}, "-e", json.dumps(values), callback="default")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0, said
    assert set(re.findall(r"changed=(\d+)", said)) == {"0"}
    assert "TASK [Take the lock]" not in done.stdout
    return said


def test_a_missing_source_is_named(tmp_path: Path, bot: dict[str, str]) -> None:
    assert "/nonexistent" in refused(tmp_path, bot, images_source="/nonexistent")


def test_a_tag_of_which_yaml_has_made_a_number_is_named(tmp_path: Path, bot: dict[str, str]) -> None:
    said = refused(tmp_path, bot, images_tag=1.10)
    assert "expected text in images_tag, found 1.1, which YAML has made of it" in said


@pytest.mark.parametrize("name", ["Dockerfile.webhook", "Dockerfile.bot"])
def test_a_missing_dockerfile_is_named(tmp_path: Path, bot: dict[str, str], name: str) -> None:
    application = tmp_path / "application"
    application.mkdir()
    for kept in {"Dockerfile.webhook", "Dockerfile.bot"} - {name}:
        shutil.copy(APPLICATION / kept, application)
    assert name in refused(tmp_path, bot, images_source=str(application))


def openssl(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a key and a self-signed certificate; returns their files."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    words = (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}.example.com"
    )
    subprocess.run(
        ["openssl", *words.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_a_certificate_that_does_not_fit_its_key_is_named(tmp_path: Path, bot: dict[str, str]) -> None:
    certificate, _ = openssl(tmp_path, "one")
    _, key = openssl(tmp_path, "two")
    said = refused(tmp_path, bot, nginx_tls_certificate=str(certificate), nginx_tls_key=str(key))
    assert f"TLS certificate {certificate}: expected one that fits the key" in said
    assert "one made for another key" in said


def test_a_webhook_that_is_set_on_the_bot_is_named(
    tmp_path: Path, telegram: Standin, bot: dict[str, str]
) -> None:
    url = "https://elsewhere.example.com/hook"
    telegram.ask("/control/webhook", {"url": url, "username": bot["telegram_bot_username"]})
    assert f"expected no webhook, since the bot polls; found {url}" in refused(tmp_path, bot)
