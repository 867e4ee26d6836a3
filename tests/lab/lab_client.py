"""What scenarios' tests ask of the lab: the stand-in, the cluster from outside, and its hosts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
import testinfra
import urllib3
from testinfra.host import Host

ROOT = Path(__file__).resolve().parents[2]
# As an operator in the project's root, whatever Molecule has set for itself; in a form that a test can read.
SETTINGS = {
    "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    "ANSIBLE_FORCE_COLOR": "false",
    "ANSIBLE_NOCOLOR": "true",
    "ANSIBLE_HOST_KEY_CHECKING": "false",
}
ANSWER_TIMEOUT = 30  # seconds for a message's answer, or a webhook's result, to reach the user

urllib3.disable_warnings(
    urllib3.exceptions.InsecureRequestWarning
)  # the scenarios' certificates are self-signed


@dataclass(frozen=True)
class Delivery:
    """What a delivered webhook was answered."""

    status_code: int
    request_id: str


@dataclass
class Inbox:
    """What the bot has written into one chat since this was made."""

    control: str
    chat_id: int
    cursor: int
    answers: list[str] = field(default_factory=list)

    def until(self, wanted: Callable[[str], bool]) -> bool:
        """Wait for an answer of which ``wanted`` is true; False when none came in ANSWER_TIMEOUT seconds."""
        deadline = time.monotonic() + ANSWER_TIMEOUT
        while (left := deadline - time.monotonic()) > 0:
            found = requests.get(
                f"{self.control}/control/answers",
                params={"chat_id": self.chat_id, "since": self.cursor, "timeout": min(left, 10)},
                timeout=left + 10,
            ).json()
            self.cursor = found["cursor"]
            texts = [answer.get("text") or answer.get("caption") or "" for answer in found["answers"]]
            self.answers += texts
            if any(wanted(text) for text in texts):
                return True
        return False


@dataclass
class Lab:
    """One scenario's lab. ``inventory`` is the scenario's own, from which all addresses are read."""

    inventory: Path
    _variables: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    def ansible(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's commands on the scenario's inventory, in the project's root."""
        return subprocess.run(
            [command, "-i", str(self.inventory), *arguments],
            cwd=ROOT,
            env=os.environ | SETTINGS,
            text=True,
            capture_output=True,
            check=False,
        )

    def playbook(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the collection's playbooks on the scenario's inventory."""
        return self.ansible("ansible-playbook", f"playbooks/{name}", *arguments)

    def variables(self, name: str) -> dict[str, Any]:
        """Return what the inventory says of a host, with its templates resolved."""
        if name not in self._variables:
            words = (
                "-m",
                "ansible.builtin.debug",
                "-a",
                f"var=hostvars['{name}']",
                "-e",
                "ansible_connection=local",
            )
            done = self.ansible("ansible", name, *words)
            self._variables[name] = json.loads(done.stdout.split("=>", 1)[1])[f"hostvars['{name}']"]
        return self._variables[name]

    def host(self, name: str) -> Host:
        """Return a target host, for commands as root over SSH."""
        known = self.variables(name)
        return testinfra.get_host(
            f"ssh://{known['ansible_user']}@{known['lab_address']}",
            sudo=True,
            ssh_identity_file=known["ansible_ssh_private_key_file"],
            ssh_extra_args=known["lab_ssh_options"],
        )

    def containers(self, name: str) -> dict[str, str]:
        """Return the status of a host's running containers by name, such as "Up 2 minutes (healthy)"."""
        lines = self.host(name).check_output("lab-docker ps --format '{{.Names}}\t{{.Status}}'").splitlines()
        return dict(line.split("\t") for line in lines)

    def secrets(self) -> list[str]:
        """Return what must be nowhere in sight: the token's secret half, and the services' passwords."""
        known = self.variables(self.first)
        passwords = [value for name, value in known.items() if re.fullmatch(r"lab_\w+_password", name)]
        return [known["telegram_bot_token"].split(":")[1], known["s3_secret_key"], *passwords]

    @cached_property
    def first(self) -> str:
        """The host that nginx, the registry and the embedded services run on."""
        listed = json.loads(self.ansible("ansible-inventory", "--list").stdout)
        return str(listed["nginx"]["hosts"][0])

    @property
    def control(self) -> str:
        """Address of the stand-in's control side."""
        return str(self.variables(self.first)["lab_control_url"])

    @property
    def address(self) -> str:
        """Address of the host that nginx runs on."""
        return str(self.variables(self.first)["lab_address"])

    def inbox(self, chat_id: int) -> Inbox:
        """Listen to a chat from now on."""
        found = requests.get(
            f"{self.control}/control/answers", params={"chat_id": chat_id, "timeout": 0}, timeout=10
        ).json()
        return Inbox(self.control, chat_id, found["cursor"])

    def say(self, text: str, chat_id: int) -> Inbox:
        """Write to the bot as a user; returns the chat, to wait for the answer."""
        inbox = self.inbox(chat_id)
        said = requests.post(
            f"{self.control}/control/say", json={"chat_id": chat_id, "text": text}, timeout=10
        )
        said.raise_for_status()
        return inbox

    def deliver(self, chat_id: int, **fault: object) -> Delivery:
        """Have fal.ai deliver a result for a chat to the webhook API."""
        job = {
            "url": f"https://{self.address}/api/v1/avatar/status_update",
            "payload": {"chat_id": chat_id},
            "verify_tls": False,
            **fault,
        }
        done = requests.post(f"{self.control}/control/fal/deliver", json=job, timeout=60)
        done.raise_for_status()
        return Delivery(done.json()["status_code"], done.json()["request_id"])

    def polls(self) -> dict[str, Any]:
        """Return the stand-in's account of who polled, see its README."""
        summary: dict[str, Any] = requests.get(f"{self.control}/control/polls", timeout=10).json()
        return summary

    def set_webhook(self, url: str) -> None:
        """Have the bot have a webhook, or none with an empty URL, as if somebody had called setWebhook."""
        requests.post(f"{self.control}/control/webhook", json={"url": url}, timeout=10).raise_for_status()

    def forget(self) -> None:
        """Have the stand-in forget what it has recorded, and what is pending."""
        requests.post(f"{self.control}/control/reset", timeout=10).raise_for_status()

    def get(self, path: str, scheme: str = "https", redirect: bool = True) -> requests.Response:
        """Ask the cluster's nginx, whose certificate is self-signed."""
        url = f"{scheme}://{self.address}{path}"
        return requests.get(url, verify=False, allow_redirects=redirect, timeout=10)  # noqa: S501

    def post(self, path: str, body: bytes) -> requests.Response:
        """Send a body to the cluster's nginx, whose certificate is self-signed."""
        return requests.post(f"https://{self.address}{path}", data=body, verify=False, timeout=30)  # noqa: S501
