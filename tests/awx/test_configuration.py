"""AWX is set up, again, and cleared: with the modules of awx.awx, against AWX's rules.

With AWX=long on both versions of ansible-core, and with what takes another run.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from setup_run import ROOT, Run, Setup

TEMPLATES = ("deploy", "update", "rollback", "restart", "preflight", "verify", "monitor", "diagnose", "logs")
OURS = (
    "organizations",
    "credential_types",
    "credentials",
    "execution_environments",
    "projects",
    "inventories",
    "job_templates",
    "workflow_job_templates",
    "schedules",
    "notification_templates",
    "teams",
    "labels",
)
CORES = [Path(sys.executable).parent]
EVERYTHING = os.environ.get("AWX") == "long"
if EVERYTHING:
    CORES.append(ROOT / ".venv-2.18" / "bin")


@pytest.fixture(scope="module", params=CORES, ids=[str(core.parent.name) for core in CORES])
def core(request: pytest.FixtureRequest) -> Path:
    """Return the commands of an ansible-core."""
    return Path(request.param)


@pytest.fixture(scope="module")
def first(setup: Setup, core: Path) -> Run:
    """Return the run that has made everything, beside what somebody else has."""
    return setup.run(core)


def quiet(setup: Setup, run: Run) -> None:
    """See that a run has told no secret."""
    for name, value in [*setup.secrets.items(), ("token", setup.token)]:
        assert value not in run.said, name


def test_the_first_run_makes_everything(setup: Setup, first: Run) -> None:
    assert first.status == 0, first.said[-3000:]
    assert first.changed > 10
    quiet(setup, first)
    templates = {
        each["name"]: each for each in setup.all("job_templates", name__startswith=f"{setup.prefix} ")
    }
    assert sorted(templates) == sorted(f"{setup.prefix} {name}" for name in (*TEMPLATES, "undo update"))
    for template in templates.values():
        assert setup.names("job_templates", template["id"], "credentials") == [
            f"{setup.prefix} {name}" for name in ("machine", "secrets", "vault")
        ]
        assert setup.names("job_templates", template["id"], "labels") == [f"{setup.prefix} by aisha.cluster"]
        told = setup.names("job_templates", template["id"], "notification_templates_error")
        assert told == [f"{setup.prefix} Telegram", f"{setup.prefix} e-mail"]


def test_a_second_run_changes_nothing(setup: Setup, core: Path, first: Run) -> None:
    again = setup.run(core)
    assert again.status == 0, again.said[-3000:]
    assert again.changed == 0, [line for line in again.said.splitlines() if line.startswith("changed:")]
    quiet(setup, again)


@pytest.mark.parametrize(
    ("template", "variables"),
    [
        ("update", ["images_tag", "images_rebuild", "rolling_update_trial", "rolling_update_watch",
                    "rolling_update_on_failure", "release_lock_break"]),
        ("rollback", ["rollback_to", "release_force", "release_lock_break"]),
        ("restart", ["restart_parts", "release_lock_break"]),
        ("verify", []),
    ],
)  # fmt: skip
def test_a_survey_asks_for_what_the_specs_say(
    setup: Setup, first: Run, template: str, variables: list[str]
) -> None:
    found = setup.one("job_templates", template)
    [survey] = setup.all(f"job_templates/{found['id']}/survey_spec")
    assert [question["variable"] for question in survey.get("spec", [])] == variables
    assert found["survey_enabled"] is bool(variables)
    known = specs()
    for question in survey.get("spec", []):
        spec = known[question["variable"]]
        if spec["type"] == "bool":
            assert question["choices"].split() == ["true", "false"]
        elif "choices" in spec:
            assert question["choices"].split() == spec["choices"]
        assert ("default" in question) is (question["variable"] == "rolling_update_watch")


def specs() -> dict[str, dict[str, Any]]:
    """Return what all argument specs say of each variable."""
    found: dict[str, dict[str, Any]] = {}
    for path in [*ROOT.glob("roles/*/meta/argument_specs.yml"), ROOT / "playbooks/meta/argument_specs.yml"]:
        for entry in yaml.safe_load(path.read_text())["argument_specs"].values():
            found.update(entry.get("options") or {})
    return found


def test_secrets_become_variables_and_are_not_shown(setup: Setup, first: Run) -> None:
    kind = setup.one("credential_types", "secrets")
    assert [field["id"] for field in kind["inputs"]["fields"]] == ["telegram_bot_token", "redis_url"]
    assert all(field["secret"] for field in kind["inputs"]["fields"])
    assert kind["injectors"] == {
        "extra_vars": {
            "telegram_bot_token": "{{ telegram_bot_token }}",
            "redis_url": "{{ redis_url }}",
        }
    }
    credential = setup.one("credentials", "secrets")
    assert set(credential["inputs"].values()) == {"$encrypted$"}


def test_the_workflow_asks_before_it_updates_and_goes_back_when_that_fails(setup: Setup, first: Run) -> None:
    workflow = setup.one("workflow_job_templates", "update with approval")
    nodes = {
        node["identifier"]: node
        for node in setup.all("workflow_job_template_nodes", workflow_job_template=str(workflow["id"]))
    }
    ways = {
        (name, when, child)
        for name, node in nodes.items()
        for when in ("success", "failure", "always")
        for child in setup.names("workflow_job_template_nodes", node["id"], f"{when}_nodes")
    }
    assert ways == {
        ("playbooks", "success", "inventory"),
        ("inventory", "success", "preflight"),
        ("preflight", "success", "approve"),
        ("approve", "success", "update"),
        ("update", "success", "verify"),
        ("verify", "failure", "undo"),
        ("undo", "success", "verify again"),
    }
    assert nodes["update"]["extra_data"] == {"rolling_update_on_failure": "rollback"}
    undo = setup.one("job_templates", "undo update")
    assert json.loads(undo["extra_vars"]) == {"rollback_to": "{{ cluster_result.release_before }}"}
    approvals = setup.names("workflow_job_templates", workflow["id"], "notification_templates_approvals")
    assert approvals == [f"{setup.prefix} Telegram", f"{setup.prefix} e-mail"]


def test_who_only_looks_can_start_nothing_that_changes(setup: Setup, first: Run) -> None:
    for name in (*TEMPLATES, "undo update"):
        template = setup.one("job_templates", name)
        roles = template["summary_fields"]["object_roles"]
        may = setup.names("roles", roles["execute_role"]["id"], "teams")
        looks = name in ("preflight", "verify", "monitor", "diagnose", "logs")
        teams = ("developers", "leads") if looks else ("developers",)
        assert may == [f"{setup.prefix} {team}" for team in teams]
        assert template["allow_simultaneous"] is looks
        assert template["ask_job_type_on_launch"] is not looks
    roles = setup.one("workflow_job_templates", "update with approval")["summary_fields"]["object_roles"]
    assert setup.names("roles", roles["approval_role"]["id"], "teams") == [f"{setup.prefix} leads"]
    assert setup.names("roles", roles["execute_role"]["id"], "teams") == [f"{setup.prefix} developers"]


def test_the_text_to_telegram_is_json_whatever_a_job_is_called(setup: Setup, first: Run) -> None:
    found = setup.one("notification_templates", "Telegram")
    context = {
        "job": {"name": 'a "job"', "status": "failed"},
        "job_friendly_name": "Job",
        "url": "https://awx.example.com/#/jobs/1",
        "approval_node_name": "Update?",
        "approval_status": "running",
        "workflow_url": "https://awx.example.com/#/jobs/workflow/1",
    }
    render = ImmutableSandboxedEnvironment().from_string
    body = json.loads(render(found["messages"]["error"]["body"]).render(context))
    assert body == {
        "chat_id": "-1001234",
        "text": 'Job a "job": failed\nhttps://awx.example.com/#/jobs/1',
    }
    waiting = json.loads(render(found["messages"]["workflow_approval"]["running"]["body"]).render(context))
    assert waiting["text"] == "Update? running\nhttps://awx.example.com/#/jobs/workflow/1"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"awx_setup_execution_environment": ""},
         "awx_setup_execution_environment: expected the image that jobs run in"),
        ({"awx_setup_token": "wrong"},
         "expected it to say whose token this is, found: Invalid authentication credentials"),
        ({"awx_setup_telegram_chat": ""}, "awx_setup_telegram_chat: expected the chat to write to"),
    ],
)  # fmt: skip
def test_a_wrong_input_is_named(
    setup: Setup, core: Path, first: Run, variables: dict[str, Any], said: str
) -> None:
    run = setup.run(core, **variables)
    assert run.status != 0
    assert said in " ".join(run.said.split())
    quiet(setup, run)


def test_without_the_collection_it_is_named(
    setup: Setup, core: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup_run.collections", lambda _: {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"})
    run = setup.run(core)
    assert run.status != 0
    assert "Collection awx.awx: expected it to be installed, found none." in " ".join(run.said.split())
    quiet(setup, run)


@pytest.mark.skipif(not EVERYTHING, reason="a whole run for it alone; with AWX=long")
def test_another_secret_gets_a_place_although_the_credential_is_in_use(
    setup: Setup, core: Path, first: Run
) -> None:
    added = setup.variables["awx_setup_secrets"] | {"s3_secret_key": setup.secrets["git"]}
    run = setup.run(core, awx_setup_secrets=added)
    assert run.status == 0, run.said[-3000:]
    quiet(setup, run)
    assert sorted(setup.one("credentials", "secrets")["inputs"]) == sorted(added)
    update = setup.one("job_templates", "update")
    assert f"{setup.prefix} secrets" in setup.names("job_templates", update["id"], "credentials")


def test_all_of_it_can_be_removed_and_nothing_else(setup: Setup, core: Path, first: Run) -> None:
    organization = setup.one("organizations", "")
    theirs = setup.post("teams", name="theirs", organization=organization["id"])
    before = {kind: {each["id"] for each in setup.all(kind)} for kind in OURS}
    ours = {
        kind: {each["id"] for each in setup.all(kind) if (each.get("name") or "").startswith(setup.prefix)}
        for kind in OURS
    }
    assert all(ours.values())
    run = setup.run(core, awx_setup_state="absent")
    assert run.status == 0, run.said[-3000:]
    quiet(setup, run)
    after = {kind: {each["id"] for each in setup.all(kind)} for kind in OURS}
    kept = {"organizations": {organization["id"]}, "teams": {theirs}}
    assert after == {kind: before[kind] - ours[kind] | kept.get(kind, set()) for kind in OURS}
    # With nothing of theirs left in it, the organization that was made for it goes too.
    setup.delete("teams", theirs)
    assert setup.run(core, awx_setup_state="absent").changed == 1
    assert setup.all("organizations", name=setup.prefix) == []
