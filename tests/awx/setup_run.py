"""Runs of playbooks/awx.yml, and looks at what they have made."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]


def secret(name: str) -> str:
    """Return what can be found again wherever it leaks."""
    return f"{name}-{secrets.token_urlsafe(18)}"


@dataclass
class Setup:
    """A cluster's configuration in AWX.

    Args:
        url: AWX's address.
        token: of its user.
        project: git repository of the playbooks, as AWX reaches it.
        folder: for files of the runs.
    """

    url: str
    token: str
    project: str
    folder: Path
    prefix: str = field(default_factory=lambda: f"try{secrets.token_hex(3)}")
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("bot", "redis", "key", "registry", "vault", "git", "telegram", "mail")
        self.secrets = {name: secret(name) for name in names}

    @property
    def variables(self) -> dict[str, Any]:
        """All inputs of the role that make something."""
        hidden = self.secrets
        return {
            "awx_setup_prefix": self.prefix,
            "awx_setup_project_url": self.project,
            "awx_setup_execution_environment": "registry.example.com/aisha-ee:1",
            "awx_setup_secrets": {
                "telegram_bot_token": f"1234567890:{hidden['bot']}",
                "redis_url": f"redis://:{hidden['redis']}@redis.example.com:6379/0",
            },
            "awx_setup_machine": {"username": "operator", "password": hidden["key"]},
            "awx_setup_vault": {"vault_password": hidden["vault"]},
            "awx_setup_source_control": {"username": "git", "password": hidden["git"]},
            "awx_setup_image_registry": {
                "host": "registry.example.com",
                "username": "awx",
                "password": hidden["registry"],
            },
            "awx_setup_answers": {"rolling_update_watch": 60},
            "awx_setup_telegram_token": f"99999:{hidden['telegram']}",
            "awx_setup_telegram_chat": -1001234,
            "awx_setup_email": {
                "host": "mail.example.com",
                "sender": "awx@example.com",
                "recipients": ["ops@example.com"],
                "username": "awx",
                "password": hidden["mail"],
            },
            "awx_setup_teams": [
                {"name": f"{self.prefix} developers", "may": ["look", "deploy"]},
                {"name": f"{self.prefix} leads", "may": ["look", "approve"]},
            ],
        }

    def run(self, bin_folder: Path, **variables: Any) -> Run:
        """Run the playbook, as talkative as people make it when they look for a fault."""
        (self.folder / "variables.json").write_text(json.dumps(self.variables | variables))
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "CONTROLLER_"))
        }
        done = subprocess.run(
            [
                bin_folder / "ansible-playbook",
                "playbooks/awx.yml",
                "-vvv",
                f"-e@{self.folder}/variables.json",
            ],
            cwd=ROOT,
            env={
                **kept,
                "CONTROLLER_HOST": self.url,
                "CONTROLLER_OAUTH_TOKEN": self.token,
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_HOME": str(self.folder / "home"),
                **collections(bin_folder),
            },
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def all(self, kind: str, **query: str) -> list[dict[str, Any]]:
        """Return all objects of a kind that a query asks for."""
        found: list[dict[str, Any]] = []
        address: str | None = f"/api/v2/{kind}/"
        parameters: dict[str, str] | None = query
        while address:
            page = self._ask("GET", address, params=parameters).json()
            if "results" not in page:
                return [page]
            found += page["results"]
            address, parameters = page["next"], None
        return found

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """Return the one object of a kind that has the name, behind the prefix."""
        [found] = self.all(kind, name=f"{self.prefix} {name}".strip())
        return found

    def post(self, kind: str, **values: Any) -> int:
        """Make an object, as somebody else would; returns its id."""
        return int(self._ask("POST", f"/api/v2/{kind}/", json=values).json()["id"])

    def delete(self, kind: str, identity: int) -> None:
        """Remove it again."""
        self._ask("DELETE", f"/api/v2/{kind}/{identity}/")

    def _ask(self, method: str, address: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, self.url + address, headers=headers, timeout=30, **more)
        answer.raise_for_status()
        return answer

    def names(self, kind: str, identity: int, listed: str) -> list[str]:
        """Return the names of what an object is associated with."""
        found = self.all(f"{kind}/{identity}/{listed}")
        return sorted(each.get("name") or each["identifier"] for each in found)


def collections(bin_folder: Path) -> dict[str, str]:
    """Say where the collections are, to a version of ansible-core that has come without them."""
    if list(bin_folder.parent.glob("lib/python*/site-packages/ansible_collections/awx")):
        return {}
    [installed] = ROOT.glob(".venv/lib/python*/site-packages")
    return {"ANSIBLE_COLLECTIONS_PATH": str(installed)}


@dataclass(frozen=True)
class Run:
    """What a run said."""

    status: int
    said: str

    @property
    def changed(self) -> int:
        """How many tasks have changed something, as Ansible counts them."""
        [count] = re.findall(r"^localhost .*\bchanged=(\d+)", self.said, re.MULTILINE)
        return int(count)
