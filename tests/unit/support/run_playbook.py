"""Runs a playbook as a user does, with hosts that are this machine or can't be reached."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml
from ansible_run import ROOT, ansible_playbook

# Nothing listens there.
UNREACHABLE: dict[str, Any] = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_user": "deploy"}
LOCAL: dict[str, Any] = {"ansible_connection": "local"}
GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")


def beginning(folder: Path, name: str, last: str) -> Path:
    """Write a playbook of what one of ours begins with, which takes less time to read than the whole.

    Returns its file.

    Args:
        folder: gets it.
        name: of the playbook, such as site.
        last: of what it imports first, or that imports first, and so on.
    """
    path = ROOT / "playbooks" / f"{name}.yml"
    given: dict[str, Any] = {}
    while path.name != f"{last}.yml":
        first = yaml.safe_load(path.read_text())[0]
        path = path.parent / first["ansible.builtin.import_playbook"]
        given = first.get("vars", {}) | given
    written = folder / f"{name}.json"
    written.write_text(
        json.dumps([{"ansible.builtin.import_playbook": str(path), "vars": given, "tags": ["always"]}])
    )
    return written


def run(
    folder: Path, playbook: Path, hosts: dict[str, dict[str, Any]], *options: str, callback: str = "progress"
) -> subprocess.CompletedProcess[str]:
    """Run a playbook on a cluster; its first host is in all groups, the others in those of instances.

    Args:
        folder: gets the inventory.
        playbook: its file.
        hosts: variables of each host.
        options: of ansible-playbook.
        callback: what shows the run.
    """
    members: dict[str, Any] = {name: {} for name in hosts}
    first: dict[str, Any] = {next(iter(hosts)): {}}
    inventory = {
        "all": {
            "vars": {
                "telegram_bot_token": "1234567890:" + "A" * 35,
                # Nothing listens there either: no run gets further than asking for the bot.
                "telegram_api_url": "http://127.0.0.1:9",
                "redis_url": "redis://127.0.0.1:9/0",
                "cluster_address": "127.0.0.2",
                "ansible_become": False,
            },
            "hosts": hosts,
            "children": {
                name: {"hosts": first if name in ("registry", "nginx") else members} for name in GROUPS
            },
        }
    }
    (folder / "hosts.json").write_text(json.dumps(inventory))
    return ansible_playbook(
        folder,
        playbook,
        "-i",
        folder / "hosts.json",
        *options,
        ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "plugins" / "callback"),
        ANSIBLE_STDOUT_CALLBACK=callback,
        ANSIBLE_HOST_KEY_CHECKING="false",
        DOCKER_HOST="unix:///nowhere",
    )
