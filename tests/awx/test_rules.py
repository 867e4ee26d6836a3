"""Our AWX refuses what AWX refuses, in its words: a configuration that passes has been looked at."""

from __future__ import annotations

from typing import Any

import pytest
from fakeawx import surveys
from fakeawx.kinds import KINDS
from fakeawx.refusal import Refusal
from fakeawx.server import FakeAWX
from fakeawx.store import Object
from setup_run import ROOT

URL = "https://git.example.com/a.git"
QUESTION = {"question_name": "Tag", "variable": "tag", "type": "text", "required": False}


@pytest.fixture
def awx() -> FakeAWX:
    """Return one with an organization, a project, an inventory and a template with a survey."""
    fake = FakeAWX("token", "password", {URL: ROOT})
    organization = make(fake, "organizations", name="us")["id"]
    project = make(fake, "projects", name="p", organization=organization, scm_type="git", scm_url=URL)["id"]
    inventory = make(fake, "inventories", name="i", organization=organization)["id"]
    template = make(
        fake, "job_templates", name="t", project=project, inventory=inventory, survey_enabled=True,
        playbook="playbooks/site.yml",
    )  # fmt: skip
    chosen = {**QUESTION, "variable": "how", "type": "multiplechoice", "choices": "a\nb"}
    fake.store.surveys[template["id"]] = {"name": "", "description": "", "spec": [QUESTION, chosen]}
    return fake


def make(fake: FakeAWX, group: str, /, **values: Any) -> Object:
    return fake.make(KINDS[group], values)


def only(fake: FakeAWX, kind: str) -> int:
    """Return the id of the one object of a kind."""
    [identity] = fake.store.objects[kind]
    return identity


def refused(fake: FakeAWX, group: str, /, **values: Any) -> str:
    with pytest.raises(Refusal) as found:
        make(fake, group, **values)
    return str(found.value.body)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"playbook": "playbooks/nothing.yml"}, "Playbook not found for project."),
        ({"playbook": "playbooks/tasks/stages.yml"}, "Playbook not found for project."),
        ({"playbook": "roles/nginx/tasks/main.yml"}, "Playbook not found for project."),
        ({"project": None}, "Job Templates must have a project assigned."),
        ({"project": 4711}, 'Invalid pk "4711" - object does not exist.'),
        ({"inventory": None}, "You must either set a default value or ask to prompt on launch."),
        ({"name": ""}, "This field may not be blank."),
        ({"name": "t"}, "already exists"),
        ({"job_type": "scan"}, '"scan" is not a valid choice.'),
        ({"extra_vars": "- a"}, "Cannot parse as JSON"),
        ({"scm_branch": "next"}, "Project does not allow overriding branch."),
    ],
)
def test_a_job_template(awx: FakeAWX, change: dict[str, Any], said: str) -> None:
    values = {"name": "new", "project": only(awx, "projects"), "inventory": only(awx, "inventories")}
    values |= {"playbook": "playbooks/site.yml", "organization": only(awx, "organizations")} | change
    assert said in refused(awx, "job_templates", **values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"variable": None}, "'variable' in survey question 0 expected to be string."),
        ({"required": "no"}, "'required' in survey question 0 expected to be boolean."),
        ({"type": "bool"}, "'bool' in survey question 0 is not one of"),
        ({"type": "integer", "default": "1"}, "Default value 1 in survey question 0 expected to be integer."),
        ({"type": "multiplechoice"}, "must specify choices"),
        ({"type": "multiplechoice", "choices": "a\nb", "default": "c"}, "Default choice must be answered"),
        ({"type": "multiplechoice", "choices": "a\nb", "default": "a\nb"}, "can only have one default value"),
        ({"min": "1"}, "The min limit in survey question 0 expected to be integer."),
    ],
)
def test_a_question(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        surveys.checked({"name": "", "description": "", "spec": [QUESTION | change]})


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        ({"name": "", "description": "", "spec": []}, "doesn't contain any items"),
        ({"name": "", "spec": [QUESTION]}, "Field 'description' is missing from survey spec."),
        ({"name": "", "description": "", "spec": [QUESTION, QUESTION]}, "duplicated in survey question 1"),
    ],
)
def test_a_survey(survey: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        surveys.checked(survey)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"other": "x"}, "Variables other are not allowed on launch."),
        ({"how": "c"}, "Value c for 'how' expected to be one of"),
        ({"tag": 5}, "Value 5 for 'tag' expected to be a string."),
    ],
)
def test_a_schedule_and_its_answers(awx: FakeAWX, answers: dict[str, Any], said: str) -> None:
    rule = "DTSTART:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=1"
    known = {"name": "s", "unified_job_template": only(awx, "job_templates")}
    assert said in refused(awx, "schedules", **known, rrule=rule, extra_data=answers)
    make(awx, "schedules", **known, rrule=rule, extra_data={"how": "a"})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("RRULE:FREQ=DAILY;INTERVAL=1", "Valid DTSTART required in rrule."),
        ("DTSTART:20260101T000000Z RRULE:FREQ=DAILY", "INTERVAL required in rrule"),
        ("DTSTART:20260101T000000 RRULE:FREQ=DAILY;INTERVAL=1", "cannot be a naive datetime"),
        ("DTSTART:20260101T000000Z", "One or more rule required in rrule."),
    ],
)
def test_a_time(awx: FakeAWX, rule: str, said: str) -> None:
    template = only(awx, "job_templates")
    assert said in refused(awx, "schedules", name="s", unified_job_template=template, rrule=rule)


def test_a_type_of_credentials(awx: FakeAWX) -> None:
    fields = {"fields": [{"id": "token", "label": "Token", "secret": True}]}
    new = {"name": "ours", "kind": "cloud", "inputs": fields}
    undefined = {"extra_vars": {"bot": "{{ tokn }}"}}
    assert "uses an undefined field" in refused(awx, "credential_types", **new, injectors=undefined)
    assert "Must be 'cloud' or 'net'" in refused(awx, "credential_types", **(new | {"kind": "ssh"}))
    kind = make(awx, "credential_types", **new)["id"]
    known = {"name": "c", "credential_type": kind, "organization": only(awx, "organizations")}
    assert "('tokn' was unexpected)" in refused(awx, "credentials", **known, inputs={"tokn": "x"})
    assert "reserved keyword" in refused(awx, "credentials", **known, inputs={"token": "$encrypted$"})
    made = make(awx, "credentials", **known, inputs={"token": "secret"})
    assert awx.shown(made)["inputs"] == {"token": "$encrypted$"}


def test_a_notification(awx: FakeAWX) -> None:
    known = {"name": "n", "organization": only(awx, "organizations"), "notification_type": "webhook"}
    assert "Missing required fields" in refused(awx, "notification_templates", **known)
    settings = {"url": "https://example.com", "headers": {}}
    wrong = {"error": {"body": "{{ jobs.name }}"}}
    said = refused(
        awx, "notification_templates", **known, notification_configuration=settings, messages=wrong
    )
    assert "Field 'jobs' unavailable" in said
    wrong["error"]["body"] = "{{ job.name"
    said = refused(
        awx, "notification_templates", **known, notification_configuration=settings, messages=wrong
    )
    assert "Unable to render message" in said
    other = {**known, "notification_type": "telegram"}
    assert '"telegram" is not a valid choice.' in refused(awx, "notification_templates", **other)


def test_what_a_workflow_may_not_be(awx: FakeAWX) -> None:
    workflow = make(awx, "workflow_job_templates", name="w", organization=only(awx, "organizations"))["id"]
    known = {"workflow_job_template": workflow, "unified_job_template": only(awx, "job_templates")}
    one, two = (make(awx, "workflow_job_template_nodes", identifier=name, **known) for name in "ab")
    assert "already exists" in refused(awx, "workflow_job_template_nodes", identifier="a", **known)
    awx.rules.join(one, "success_nodes", two)
    awx.store.listed(one["id"], "success_nodes").append(two["id"])
    with pytest.raises(Refusal, match="Cycle detected"):
        awx.rules.join(two, "always_nodes", one)
    with pytest.raises(Refusal, match="Relationship not allowed"):
        awx.rules.join(one, "failure_nodes", two)


def test_a_vault_is_no_credential_of_an_inventory_in_git(awx: FakeAWX) -> None:
    organization = only(awx, "organizations")
    kind = next(each["id"] for each in awx.store.all("credential_types") if each["name"] == "Vault")
    vault = make(awx, "credentials", name="v", credential_type=kind, organization=organization,
                 inputs={"vault_password": "x"})["id"]  # fmt: skip
    known = {"name": "s", "inventory": only(awx, "inventories"), "source": "scm", "source_path": "hosts.yml"}
    assert "Project required" in refused(awx, "inventory_sources", **known)
    known["source_project"] = only(awx, "projects")
    assert "vault are disallowed" in refused(awx, "inventory_sources", **known, credential=vault)
    make(awx, "inventory_sources", **known)
