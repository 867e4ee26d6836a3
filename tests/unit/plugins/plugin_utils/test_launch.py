"""Advice names the command or the job template that an operator can run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.aisha.cluster.plugins.plugin_utils import _launch
from ansible_collections.aisha.cluster.plugins.plugin_utils._launch import PLAYBOOKS, Launch

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder with playbooks, as a clone of the collection has them."""
    (tmp_path / "playbooks").mkdir()
    for name in ("monitor", "site", "logs"):
        (tmp_path / "playbooks" / f"{name}.yml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what launches: arguments of ansible-playbook, and the task's variables."""

    def launch(variables: dict[str, Any] | None = None, **arguments: Any) -> Launch:
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict(arguments))
        return Launch.of_run(variables or {})

    return launch


def test_playbook_is_named_as_this_one_was(project: Path, launched: Any) -> None:
    for typed, expected in [
        ("playbooks/monitor.yml", "playbooks/site.yml"),
        (f"{project}/playbooks/monitor.yml", f"{project}/playbooks/site.yml"),
        ("aisha.cluster.monitor", "aisha.cluster.site"),
        # A playbook of the operator's own, which imports ours.
        ("own.yml", "aisha.cluster.site"),
    ]:
        assert launched(args=(typed,)).command("site.yml") == f"`ansible-playbook {expected}`"


def test_options_that_another_run_needs_are_kept(project: Path, launched: Any) -> None:
    launch = launched(
        args=("playbooks/monitor.yml",),
        inventory=[f"{project}/inventory/my demo", "/srv/shared", "one,two"],
        remote_user="deploy",
        vault_ids=["prod@prompt"],
        vault_password_files=[f"{project}/vault.sh"],
        ask_pass=True,
        extra_vars=(f"@{project}/more.yml", "telegram_bot_token=1:secret", '{"database_url": "secret"}'),
        tags=["quick"],
    )
    assert launch.command("site") == (
        "`ansible-playbook -i 'inventory/my demo' -i /srv/shared -i one,two -u deploy --vault-id prod@prompt "
        "--vault-password-file vault.sh -e @more.yml --ask-pass playbooks/site.yml`"
    )


def test_default_inventory_is_not_named(project: Path, launched: Any) -> None:
    launch = launched(args=("playbooks/monitor.yml",), inventory=["/etc/ansible/hosts"])
    assert launch.command("site") == "`ansible-playbook playbooks/site.yml`"


def test_advice_is_expanded(project: Path, launched: Any) -> None:
    launch = launched(args=("playbooks/monitor.yml",), inventory=["/srv/inventory"])
    begin = "`ansible-playbook -i /srv/inventory playbooks"
    assert launch.expand("Run site.yml, or run logs.yml -e logs_component=worker.") == (
        f"Run {begin}/site.yml`, or run {begin}/logs.yml -e logs_component=worker`."
    )
    assert launch.expand("Try `ansible one -m ansible.builtin.ping --become`; run it.") == (
        "Try `ansible -i /srv/inventory one -m ansible.builtin.ping --become`; run it."
    )
    kept = "not deployed yet: site.yml does that; rerun site.yml; run other.yml; /srv/site.yml"
    assert launch.expand(kept) == kept


@pytest.mark.parametrize("server", ["awx", "tower"])
def test_job_names_the_job_template(server: str, launched: Any) -> None:
    def job(template: str) -> Launch:
        variables = {f"{server}_job_id": 7, f"{server}_job_template_name": template}
        launch: Launch = launched(variables, args=("playbooks/monitor.yml",), inventory=["/runner/inventory"])
        return launch

    ours = job("Prod bot monitor")
    assert ours.command("site.yml") == 'the job template "Prod bot deploy"'
    assert ours.expand("run logs.yml -e logs_component=worker.") == (
        'run the job template "Prod bot logs" with logs_component=worker.'
    )
    assert ours.expand("run diagnose.yml --tags prune.") == (
        'run the job template "Prod bot diagnose" with the tag prune.'
    )
    assert ours.command("plan") == job("Nightly").command("plan") == "the job template of plan.yml"
    assert job("Nightly").command("site") == "the job template of site.yml"


def test_without_a_command_line_the_playbook_is_named(launched: Any) -> None:
    text = "Run site.yml; to read its log, run logs.yml -e logs_component=worker."
    assert launched().expand(text) == text


def test_every_playbook_and_its_job_template_are_known() -> None:
    assert {path.stem for path in (ROOT / "playbooks").glob("*.yml")} == set(PLAYBOOKS)
    defaults = yaml.safe_load((ROOT / "roles/awx_setup/defaults/main.yml").read_text())
    templates = {
        each["playbook"].removesuffix(".yml"): each["name"] for each in defaults["awx_setup_templates"]
    }
    assert {name: template for name, template in PLAYBOOKS.items() if template} == templates


def test_no_text_tells_to_run_a_playbook_by_half_a_command() -> None:
    """Whoever launched the run otherwise would have to put an inventory and a path in."""
    places = [path for part in ("plugins", "roles", "playbooks") for path in (ROOT / part).rglob("*")]
    allowed = {Path(_launch.__file__).name, "html.py", "launch_command.py"}
    found = [
        (path.name, line.strip())
        for path in places
        if path.suffix in {".py", ".yml", ".j2", ".tmpl"} and path.name not in allowed
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"ansible-playbook [\w/.]*\.yml|(?<!\w)playbooks/\w+\.yml", line)
        and not line.lstrip().startswith("#")
    ]
    assert found == []
