"""Jobs as AWX runs them: through ansible-runner, from a bare clone, on an inventory that has lost its folder.

What AWX gives a job is in one private folder: the project, an inventory that is a script, variables of the
template and of the credentials, an SSH key. What it keeps of the job is in the folder's artifacts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab_client import ROOT, Lab

GROUPS = ("registry", "webhook_api", "bot_cluster", "nginx")
# A job takes them from a credential, and no inventory in git has them.
CREDENTIALS = ("telegram_bot_token", "redis_url", "database_url", "s3_access_key", "s3_secret_key")
USER = "ann"
# What is deployed, in the project: a job reads nothing else of this machine.
APPLICATION = "application"


@dataclass(frozen=True)
class Job:
    """What AWX keeps of a job."""

    folder: Path

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    @property
    def status(self) -> str:
        return self.read("status")

    @property
    def rc(self) -> int:
        return int(self.read("rc"))

    @property
    def stdout(self) -> str:
        return self.read("stdout")

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, in order."""
        files = [path for path in (self.folder / "job_events").glob("*.json") if "partial" not in path.name]
        events = [json.loads(path.read_text(encoding="utf-8")) for path in files]
        return sorted(events, key=lambda event: int(event["counter"]))

    @property
    def stats(self) -> dict[str, Any]:
        """How it ended, by host, and what it has handed on."""
        found = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(found[-1]["event_data"]) if found else {}

    @property
    def handed_on(self) -> dict[str, Any]:
        """What a workflow's next jobs get as variables."""
        return dict(self.stats.get("artifact_data", {}))

    def leaks(self, secrets: list[str]) -> list[str]:
        """The files of it that have a secret in them, as it is or as JSON writes it."""
        wanted = {form.encode() for secret in secrets for form in (secret, json.dumps(secret)[1:-1])}
        return [
            str(path.relative_to(self.folder))
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and any(form in path.read_bytes() for form in wanted)
        ]


@dataclass(frozen=True)
class Awx:
    """What a scenario's jobs run with.

    Args:
        lab: the scenario's.
        folder: where each job gets its own.
        bin: commands of the ansible-core that runs them.
        image: the execution environment that they run in instead.
    """

    lab: Lab
    folder: Path
    bin: Path
    image: str = ""

    def run(self, playbook: str, name: str, variables: dict[str, Any] | None = None, tags: str = "") -> Job:
        """Run a playbook as a job; it may fail."""
        private = self.folder / name
        known = self.lab.variables(self.lab.first)
        clone(private / "project")
        shutil.copytree(known["images_source"], private / "project" / APPLICATION)
        (private / "env").mkdir()
        secrets = {key: known[key] for key in CREDENTIALS}
        extra = {"awx_user_name": USER, "awx_job_id": 1} | secrets | (variables or {})
        (private / "env/extravars").write_text(json.dumps(extra), encoding="utf-8")
        # The first is AWX's; ansible-core 2.19 doesn't read it any more.
        settings = {
            "ANSIBLE_COLLECTIONS_PATHS": f"{private}/requirements_collections:{site_packages()}",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "PROJECT": "/runner/project" if self.image else str(private / "project"),
        }
        (private / "env/envvars").write_text(json.dumps(settings), encoding="utf-8")
        shutil.copy(known["ansible_ssh_private_key_file"], private / "env/ssh_key")
        (private / "inventory").mkdir()
        script = private / "inventory/hosts"
        script.write_text(
            f"#!/bin/sh\ncat <<'END'\n{json.dumps(self._inventory(known))}\nEND\n", encoding="utf-8"
        )
        script.chmod(0o700)
        self._start(private, playbook, tags)
        return Job(private / "artifacts/job")

    def _start(self, private: Path, playbook: str, tags: str) -> None:
        command = ["ansible-runner", "run", str(private), "-p", f"playbooks/{playbook}", "-i", "job"]
        if tags:
            command += ["--cmdline", f"--tags {tags}"]
        if self.image:
            command += ["--process-isolation", "--process-isolation-executable", "docker"]
            # The lab's network is not that of other containers.
            command += ["--container-image", self.image, "--container-option=--network=host"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        subprocess.run(
            command,
            env={
                **kept,
                "PATH": os.pathsep.join((str(self.bin), str(Path(sys.executable).parent), kept["PATH"])),
            },
            cwd=private,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def _inventory(self, known: dict[str, Any]) -> dict[str, Any]:
        """The scenario's inventory as AWX has imported it: without what it knew of its own folder."""
        ours = {
            key: value
            for key, value in known.items()
            if not key.startswith(("ansible_", "lab_", "group", "inventory_", "playbook_", "omit"))
            and key not in CREDENTIALS
        }
        # A template, as inventories are full of them.
        ours["images_source"] = f"{{{{ lookup('ansible.builtin.env', 'PROJECT') }}}}/{APPLICATION}"
        host = {"ansible_host": known["lab_address"], "ansible_user": known["ansible_user"]}
        groups = {name: {"hosts": [self.lab.first]} for name in GROUPS}
        return {"all": {"vars": ours}, **groups, "_meta": {"hostvars": {self.lab.first: host}}}


def clone(target: Path) -> None:
    """Copy the tree as a clone of it would be."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    for name in {os.fsdecode(each) for each in names.split(b"\0") if each}:
        source = ROOT / name
        if source.is_symlink() or source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def site_packages() -> Path:
    """Where the package "ansible" has put the collections that ours needs."""
    return next(Path(sys.executable).parent.parent.glob("lib/python*/site-packages"))
