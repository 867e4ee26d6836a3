"""A host with Docker Engine, to which roles are applied by the plays of their README."""

from __future__ import annotations

import json
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import testinfra
from ansible_run import ROOT, ansible_playbook
from role_examples import plays
from testinfra.host import Host

NAME = "aisha-role"
STANDIN = "aisha-lab-standin-roles"
BOT = "roles_bot"
HELPERS = {
    "poll-guard": "roles/bot_cluster/files/pollguard",
    "service-check": "roles/external_services/files/service_check",
}
# What the example of a role takes for granted, in the order in which it is made, beside an engine.
NEEDS = {
    "images": ("registry",),
    "external_services": ("images",),
    "webhook_api": ("images",),
    "bot_cluster": ("images", "external_services"),
    "release": ("images",),
    "monitoring": ("nginx",),
}
# The inputs that are images, by the name of what is built.
IMAGES = {
    "webhook": "webhook_api_image",
    "bot": "bot_cluster_image",
    "poll-guard": "bot_cluster_poll_guard_image",
    "service-check": "external_services_check_image",
}


def lab(*arguments: str | Path) -> dict[str, Any]:
    """Return what a command of the lab says."""
    done = subprocess.run([ROOT / "tests/lab/lab", *arguments], check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@dataclass
class Server:
    """The host, and what the examples leave to the reader."""

    folder: Path
    inputs: dict[str, Any] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)

    @property
    def host(self) -> Host:
        """The host, to look at."""
        return testinfra.get_host(f"ansible://{NAME}?ansible_inventory={self.folder}/hosts.json", sudo=True)

    @property
    def control(self) -> str:
        """The address of the stand-in's control API."""
        return (self.folder / "control_url").read_text().strip()

    def start(self) -> None:
        """Start the host and a stand-in."""
        token = f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_urlsafe(27)[:35]}"
        (self.folder / "token").write_text(token)
        daemon_config = lab("hub", "up").get("daemon_config", {})
        lab("target", "up", "--with-docker", "--addresses", self.folder / "targets", NAME)
        told = (f"--tokens={self.folder}/token={BOT}", f"--addresses={self.folder}")
        lab("standin", "up", "--private", f"--name={STANDIN}", *told)
        host = {
            "ansible_host": (self.folder / "targets" / NAME).read_text().strip(),
            "ansible_user": "operator",
            "ansible_ssh_private_key_file": str(ROOT / ".cache/lab/ssh/id_ed25519"),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        member: dict[str, Any] = {"hosts": {NAME: {}}}
        groups = dict.fromkeys(("registry", "webhook_api", "bot_cluster", "nginx"), member)
        inventory = {"all": {"hosts": {NAME: host}, "children": groups}}
        (self.folder / "hosts.json").write_text(json.dumps(inventory))
        self.inputs = {
            "docker_engine_daemon_config": daemon_config,
            "telegram_bot_token": token,
            "telegram_api_url": (self.folder / "api_url").read_text().strip(),
            "database_url": "postgresql://bot:database-secret@aisha-postgresql:5432/bot",
            "redis_url": "redis://:redis-secret@aisha-redis:6379/0",
            "external_services_embedded": ["postgresql", "redis"],
            "external_services_embedding_host": NAME,
            "images_source": str(ROOT / "tests/roles/application"),
            "images_helpers": [{"name": name, "source": str(ROOT / path)} for name, path in HELPERS.items()],
        }

    def stop(self) -> None:
        """Remove the host and the stand-in."""
        lab("target", "down", NAME)
        lab("standin", "down", f"--name={STANDIN}")

    def play(self, role: str) -> str:
        """Run the plays of a role's README; returns what was printed."""
        made = plays(role)
        if role == "images":
            copy = {"content": "{{ images_references | to_json }}", "dest": str(self.folder / "images.json")}
            keep = {"ansible.builtin.copy": copy, "delegate_to": "localhost", "changed_when": False}
            made[-1]["tasks"].append(keep | {"become": False})
        book = self.folder / f"{role}.yml"
        book.write_text(json.dumps(made))
        inputs = self.folder / "inputs.json"
        inputs.write_text(json.dumps(self.inputs | self._images()))
        words = (book, "-i", self.folder / "hosts.json", "-e", f"@{inputs}")
        done = ansible_playbook(self.folder, *words, ANSIBLE_PIPELINING="1")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self, role: str) -> None:
        """Apply a role, after those that it needs; each once."""
        for needed in () if role == "docker_engine" else ("docker_engine", *NEEDS.get(role, ())):
            self.apply(needed)
        if role not in self.applied:
            self.play(role)
            self.applied.add(role)

    def _images(self) -> dict[str, Any]:
        path = self.folder / "images.json"
        if not path.exists():
            return {}
        built: dict[str, str] = json.loads(path.read_text())
        named = {IMAGES[name]: reference for name, reference in built.items()}
        return {**named, "images_references": built}
