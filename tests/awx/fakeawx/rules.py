"""What AWX refuses of each kind of object, beside what its fields say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakeawx import secrets, surveys
from fakeawx.refusal import Refusal
from fakeawx.store import Object, Store

PLAYBOOK = re.compile(
    r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):"
)
_NOT_PLAYBOOKS = {"roles", "tasks", "group_vars", "host_vars"}


def playbooks(tree: Path) -> list[str]:
    """Return what AWX would offer as playbooks of a repository."""
    found = []
    for folder, folders, files in os.walk(tree):
        folders[:] = sorted(
            name for name in folders if name not in _NOT_PLAYBOOKS and not name.startswith(".")
        )
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix not in (".yml", ".yaml"):
                continue
            if any(map(PLAYBOOK.match, path.read_text(encoding="utf-8", errors="ignore").splitlines())):
                found.append(str(path.relative_to(tree)))
    return found


@dataclass
class Rules:
    """The rules, with what they look at: the store, and what is in repositories."""

    store: Store
    trees: dict[str, Path]
    found: dict[str, list[str]] = field(default_factory=dict)

    def check(self, kind: str, new: Object, old: Object | None, sent: Object) -> None:
        """Refuse an object of a kind that AWX would refuse."""
        rule: Callable[[Object, Object | None, Object], None] | None = getattr(self, f"_{kind}", None)
        if rule:
            rule(new, old, sent)

    def _credential_types(self, new: Object, old: Object | None, sent: Object) -> None:
        used = old is not None and any(
            each["credential_type"] == old["id"] for each in self.store.all("credentials")
        )
        secrets.credential_type(new, old, used)

    def _credentials(self, new: Object, old: Object | None, sent: Object) -> None:
        secrets.credential(new, old, self.store.get("credential_types", new["credential_type"]))

    def _notification_templates(self, new: Object, old: Object | None, sent: Object) -> None:
        secrets.notification(new, old)

    def _execution_environments(self, new: Object, old: Object | None, sent: Object) -> None:
        if new["credential"] and self.kind_of_credential(new["credential"]) != "registry":
            raise Refusal(
                {
                    "credential": [
                        "Only Container Registry credentials can be associated with an Execution Environment"
                    ]
                }
            )
        if old and new["organization"] not in (None, old["organization"]):
            raise Refusal({"organization": ["Cannot change the organization of an execution environment"]})

    def _projects(self, new: Object, old: Object | None, sent: Object) -> None:
        if new["scm_type"] and not new["scm_url"]:
            raise Refusal({"scm_url": ["SCM URL is required."]})
        if new["credential"] and self.kind_of_credential(new["credential"]) != "scm":
            raise Refusal({"credential": ["Credential kind must be 'scm'."]})
        for name in ("scm_update_on_launch", "scm_delete_on_update", "scm_track_submodules", "scm_clean"):
            if not new["scm_type"] and new[name]:
                raise Refusal({name: ["Update options must be set to false for manual projects."]})

    def _inventory_sources(self, new: Object, old: Object | None, sent: Object) -> None:
        if new["source"] != "scm":
            raise Refusal({"detail": "Only sources of the type scm are known here."})
        if new["source_project"] is None:
            raise Refusal({"source_project": ["Project required for scm type sources."]})
        project = self.store.get("projects", new["source_project"])
        if not project["scm_type"]:
            raise Refusal({"source_project": ["Cannot use manual project for SCM-based inventory."]})
        if new["scm_branch"] and not project["allow_override"]:
            raise Refusal({"scm_branch": ["Project does not allow overriding branch."]})
        if new["credential"] and self.kind_of_credential(new["credential"]) in ("insights", "vault"):
            said = "Credentials of type insights and vault are disallowed for scm inventory sources."
            raise Refusal({"credential": [said]})

    def _job_templates(self, new: Object, old: Object | None, sent: Object) -> None:
        if new["project"] is None:
            raise Refusal({"project": ["Job Templates must have a project assigned."]})
        project = self.store.get("projects", new["project"])
        if not new["playbook"]:
            raise Refusal({"playbook": ["Must select playbook for project."]})
        if new["playbook"] not in self.playbooks(project):
            raise Refusal({"playbook": ["Playbook not found for project."]})
        if new["inventory"] is None and not new["ask_inventory_on_launch"]:
            raise Refusal({"inventory": ["You must either set a default value or ask to prompt on launch."]})
        for name in ("scm_branch", "ask_scm_branch_on_launch"):
            if new[name] and not project["allow_override"]:
                raise Refusal({name: ["Project does not allow overriding branch."]})
        _variables(new["extra_vars"])

    def _workflow_job_templates(self, new: Object, old: Object | None, sent: Object) -> None:
        _variables(new["extra_vars"])

    def _workflow_job_template_nodes(self, new: Object, old: Object | None, sent: Object) -> None:
        self._launch(new, sent, all_required=False)

    def _schedules(self, new: Object, old: Object | None, sent: Object) -> None:
        if "rrule" in sent:
            _rrule(new["rrule"])
        self._launch(new, sent, all_required=True)

    def _launch(self, new: Object, sent: Object, *, all_required: bool) -> None:
        """Refuse a later launch that the template wouldn't take."""
        if new["unified_job_template"] is None:
            return
        template = self.store.get("unified_job_templates", new["unified_job_template"])
        asked = [name for name in ("inventory", "limit", "scm_branch", "job_type", "verbosity", "diff_mode")
                 if new[name] is not None and not template.get(f"ask_{name}_on_launch")]  # fmt: skip
        if asked:
            raise Refusal({name: ["Field is not configured to prompt on launch."] for name in asked})
        if new["extra_data"] or (all_required and "extra_data" in sent):
            survey = self.store.surveys.get(template["id"], {})
            surveys.answered(template, survey, new["extra_data"], all_required=all_required)

    def playbooks(self, project: Object) -> list[str]:
        """Return what a project has to offer."""
        url = project["scm_url"]
        if url not in self.found:
            self.found[url] = playbooks(self.trees[url]) if url in self.trees else []
        return self.found[url]

    def kind_of_credential(self, identity: int) -> str:
        kind = self.store.get("credential_types", self.store.get("credentials", identity)["credential_type"])
        return str(kind["kind"])

    def join(self, parent: Object, name: str, child: Object) -> None:
        """Refuse an association that AWX would refuse."""
        if name == "credentials":
            self._join_credential(parent, child)
        elif name.endswith("_nodes"):
            self._join_node(parent, name, child)
        elif name == "labels":
            child["__used"] = True
        elif name == "teams":
            self._join_team(parent, child)

    def _join_credential(self, parent: Object, child: Object) -> None:
        kind = self.kind_of_credential(child["id"])
        if kind not in ("ssh", "vault", "cloud", "net", "kubernetes"):
            raise Refusal({"error": f"Cannot assign a Credential of kind `{kind}`."})
        types = [
            self.store.get("credentials", each)["credential_type"]
            for each in self.store.listed(parent["id"], "credentials")
        ]
        if child["credential_type"] in types and kind != "vault":
            raise Refusal({"error": f"Cannot assign multiple {kind} credentials."})

    def _join_node(self, parent: Object, name: str, child: Object) -> None:
        if parent["workflow_job_template"] != child["workflow_job_template"]:
            raise Refusal({"Error": "Nodes are of two workflows."})
        others = [f"{when}_nodes" for when in ("success", "failure", "always") if f"{when}_nodes" != name]
        if any(child["id"] in self.store.listed(parent["id"], other) for other in others):
            raise Refusal({"Error": "Relationship not allowed."})
        reached, left = set(), [child["id"]]
        while left:
            node = left.pop()
            reached.add(node)
            left += [
                each
                for other in (*others, name)
                for each in self.store.listed(node, other)
                if each not in reached
            ]
        if parent["id"] in reached:
            raise Refusal({"Error": "Cycle detected."})

    def _join_team(self, role: Object, team: Object) -> None:
        if role["of_kind"] == "organizations" and role["name"] in ("member", "admin"):
            raise Refusal(
                {"msg": "You cannot assign an Organization participation role as a child role for a Team."}
            )
        if role["of_kind"] == "credentials":
            owner = self.store.get("credentials", role["of"])["organization"]
            if owner != team["organization"]:
                raise Refusal(
                    {"msg": "You cannot grant credential access to a team of a different organization"}
                )


def _variables(text: str) -> None:
    if text:
        try:
            json.loads(text)
        except ValueError as error:
            raise Refusal({"extra_vars": [f"Cannot parse as JSON (error: {error})"]}) from error


def _rrule(text: str) -> None:
    errors = []
    starts = re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", text)
    rules = re.findall(r"RULE:\S*", text)
    if not starts:
        errors.append("Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if len(starts) > 1:
        errors.append("Multiple DTSTART is not supported.")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", text):
        errors.append("DTSTART cannot be a naive datetime.  Specify ;TZINFO= or YYYYMMDDTHHMMSSZZ.")
    if not rules:
        errors.append("One or more rule required in rrule.")
    for rule in rules:
        if "INTERVAL" not in rule:
            errors.append(f"INTERVAL required in rrule: {rule}")
        if not re.search(r"FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY)\b", rule):
            errors.append(f"rrule parsing failed validation: {rule}")
        if "COUNT" in rule and "UNTIL" in rule:
            errors.append(f"RRULE may not contain both COUNT and UNTIL: {rule}")
    if errors:
        raise Refusal({"rrule": errors})


def json_of(value: Any) -> Any:
    """Without what only the store knows."""
    return {name: each for name, each in value.items() if not name.startswith("__")}
