"""The lease's times that the role allows are those that the poll guard takes."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from ansible_run import ROOT, ansible_playbook

GUARD = ROOT / "roles/bot_cluster/files/pollguard/app"
CASES = [(ttl, mode) for ttl in (0.4, 3.0, 12.0) for mode in ("gate", "process")]


@pytest.fixture(scope="module")
def longest(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[float, str], float]:
    """Return the role's value for each case."""
    folder = tmp_path_factory.mktemp("lease")
    cases = [
        {"ttl": ttl, "mode": mode, "file": f"{folder}/{number}"} for number, (ttl, mode) in enumerate(CASES)
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(ROOT / "roles/bot_cluster/vars/main.yml")],
        "vars": {
            "app_environment": {},
            "bot_cluster_lease_ttl": "{{ item.ttl }}",
            "bot_cluster_guard_mode": "{{ item.mode }}",
        },
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": "{{ __bot_cluster_longest_renewal }}",
                    "dest": "{{ item.file }}",
                },
                "loop": cases,
            }
        ],
    }
    (folder / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(folder, folder / "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    return {case: float((folder / str(number)).read_text()) for number, case in enumerate(CASES)}


def refused(ttl: float, renewal: float, mode: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether the guard refuses these times."""
    monkeypatch.syspath_prepend(str(GUARD))
    config: Any = importlib.import_module("pollguard.config")
    environment = {
        "POLLGUARD_REDIS_URL": "redis://redis",
        "POLLGUARD_TTL": str(ttl),
        "POLLGUARD_RENEW": str(renewal),
        "TELEGRAM_BOT_TOKEN": "1234567890:" + "A" * 35,
    }
    try:
        config.from_environment(environment, mode)
    except importlib.import_module("pollguard.errors").SettingsError:
        return True
    return False


def test_the_guard_takes_no_shorter_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refused(0.31, 0.02, "gate", monkeypatch)
    assert refused(0.3, 0.02, "gate", monkeypatch)


@pytest.mark.parametrize(("ttl", "mode"), CASES)
def test_the_guard_takes_no_longer_renewal(
    longest: dict[tuple[float, str], float], monkeypatch: pytest.MonkeyPatch, ttl: float, mode: str
) -> None:
    renewal = longest[ttl, mode]
    assert not refused(ttl, renewal, mode, monkeypatch)
    assert refused(ttl, renewal + 0.01, mode, monkeypatch)
