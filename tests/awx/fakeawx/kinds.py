"""What kinds of objects there are, and their fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

JOB_TYPES = ("run", "check")
VERBOSITIES = (0, 1, 2, 3, 4, 5)
CREDENTIAL_KINDS = ("ssh", "vault", "net", "scm", "cloud", "registry", "galaxy")
NOTIFICATION_TYPES = (
    "awssns", "email", "grafana", "irc", "mattermost", "pagerduty", "rocketchat", "slack", "twilio", "webhook"
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of an object.

    Args:
        type: of its values.
        default: when it isn't given.
        required: whether it must be given.
        choices: its possible values.
        to: the kind that it refers to, by id.
        cascades: whether the object goes when the one that it refers to goes.
        fixed: whether it only counts when the object is made.
    """

    type: type | tuple[type, ...] = str
    default: Any = ""
    required: bool = False
    choices: tuple[Any, ...] = ()
    to: str = ""
    cascades: bool = False
    fixed: bool = False

    def fresh(self) -> Any:
        """Its default, not shared."""
        return type(self.default)(self.default) if isinstance(self.default, dict | list) else self.default


def text(**more: Any) -> Field:
    return Field(str, **more)


def number(default: int | None = 0, **more: Any) -> Field:
    return Field(int, default, **more)


def switch(default: bool | None = False, **more: Any) -> Field:
    return Field(bool, default, **more)


def ref(to: str, **more: Any) -> Field:
    return Field(int, None, to=to, **more)


@dataclass(frozen=True)
class Kind:
    """A kind of objects.

    Args:
        name: as in addresses.
        type: its objects' word for themselves.
        fields: what is written; name and description come by themselves.
        unique: fields that together are of one object only.
        lists: what its objects can be associated with, name to kind.
        roles: which permissions there are on one.
        identity: what it is called by.
        launchable: whether it is a template of a job.
    """

    name: str
    type: str
    fields: dict[str, Field]
    unique: tuple[str, ...] = ("name", "organization")
    lists: dict[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    identity: str = "name"
    launchable: bool = False


ORGANIZATION = {"organization": ref("organizations")}
OWN_ORGANIZATION = {"organization": ref("organizations", required=True, cascades=True)}
NOTIFIES = {
    f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error")
}
ASKS = ("variables", "limit", "scm_branch", "labels", "tags", "skip_tags", "inventory")
JOB_ASKS = (*ASKS, "diff_mode", "job_type", "verbosity", "credential", "execution_environment", "forks",
            "timeout", "job_slice_count", "instance_groups")  # fmt: skip
PROMPTS = {
    "extra_data": Field((dict, str), {}),
    "inventory": ref("inventories"),
    "execution_environment": ref("execution_environments"),
    "job_type": Field(str, None, choices=JOB_TYPES),
    "diff_mode": switch(None),
    "verbosity": number(None, choices=VERBOSITIES),
    "unified_job_template": ref("unified_job_templates"),
    **{name: Field(str, None) for name in ("scm_branch", "job_tags", "skip_tags", "limit")},
    **{name: number(None) for name in ("forks", "job_slice_count", "timeout")},
}
ATTACHED = {"credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"}

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "organizations",
            "organization",
            {"max_hosts": number(), "default_environment": ref("execution_environments")},
            unique=("name",),
            lists={**NOTIFIES, "notification_templates_approvals": "notification_templates",
                   "galaxy_credentials": "credentials"},
            roles=("admin", "execute", "project_admin", "inventory_admin", "credential_admin",
                   "workflow_admin",
                   "notification_admin", "job_template_admin", "execution_environment_admin", "auditor",
                   "member", "read", "approval"),
        ),
        Kind("labels", "label", OWN_ORGANIZATION),
        Kind("teams", "team", OWN_ORGANIZATION, roles=("admin", "member", "read")),
        Kind(
            "credential_types",
            "credential_type",
            {"kind": text(required=True, choices=CREDENTIAL_KINDS),
             "inputs": Field(dict, {}), "injectors": Field(dict, {}), "managed": switch(fixed=True)},
            unique=("name", "kind"),
        ),
        Kind(
            "credentials",
            "credential",
            {"organization": ref("organizations", cascades=True),
             "credential_type": ref("credential_types", required=True, cascades=True),
             "inputs": Field(dict, {})},
            unique=("organization", "name", "credential_type"),
            roles=("admin", "use", "read"),
        ),
        Kind(
            "execution_environments",
            "execution_environment",
            {"organization": ref("organizations", cascades=True), "image": text(required=True),
             "credential": ref("credentials"), "pull": text(choices=("", "always", "missing", "never"))},
            unique=("name",),
        ),
        Kind(
            "projects",
            "project",
            {**ORGANIZATION, "scm_type": text(choices=("", "git", "svn", "insights", "archive")),
             "scm_url": text(), "scm_branch": text(), "scm_refspec": text(), "scm_clean": switch(),
             "scm_delete_on_update": switch(), "scm_track_submodules": switch(), "local_path": text(),
             "scm_update_on_launch": switch(), "scm_update_cache_timeout": number(),
             "allow_override": switch(),
             "timeout": number(), "credential": ref("credentials"),
             "default_environment": ref("execution_environments")},
            lists=NOTIFIES,
            roles=("admin", "use", "update", "read"),
            launchable=True,
        ),
        Kind(
            "inventories",
            "inventory",
            {**OWN_ORGANIZATION, "variables": text(), "kind": text(choices=("", "smart", "constructed")),
             "host_filter": Field(str, None), "prevent_instance_group_fallback": switch()},
            roles=("admin", "update", "adhoc", "use", "read"),
        ),
        Kind(
            "inventory_sources",
            "inventory_source",
            {"inventory": ref("inventories", required=True, cascades=True, fixed=True),
             "source": text(required=True, choices=("scm", "ec2", "gce", "azure_rm", "vmware", "controller")),
             "source_path": text(), "source_vars": text(), "scm_branch": text(), "enabled_var": text(),
             "enabled_value": text(), "host_filter": text(), "limit": text(), "overwrite": switch(),
             "overwrite_vars": switch(), "timeout": number(), "verbosity": number(1, choices=(0, 1, 2)),
             "update_on_launch": switch(), "update_cache_timeout": number(), "credential": ref("credentials"),
             "source_project": ref("projects", cascades=True),
             "execution_environment": ref("execution_environments")},
            unique=("name", "inventory"),
            lists=NOTIFIES,
            launchable=True,
        ),
        Kind(
            "job_templates",
            "job_template",
            {"job_type": text(default="run", choices=JOB_TYPES), "inventory": ref("inventories"),
             "project": ref("projects"), "playbook": text(), "scm_branch": text(), "forks": number(),
             "limit": text(), "verbosity": number(0, choices=VERBOSITIES), "extra_vars": text(),
             "job_tags": text(), "skip_tags": text(), "start_at_task": text(), "force_handlers": switch(),
             "timeout": number(), "use_fact_cache": switch(), "host_config_key": text(),
             "survey_enabled": switch(), "become_enabled": switch(), "diff_mode": switch(),
             "allow_simultaneous": switch(), "job_slice_count": number(1),
             "webhook_service": text(choices=("", "github", "gitlab")),
             "execution_environment": ref("execution_environments"),
             **{f"ask_{name}_on_launch": switch() for name in JOB_ASKS}},
            lists={**NOTIFIES, **ATTACHED},
            roles=("admin", "execute", "read"),
            launchable=True,
        ),
        Kind(
            "workflow_job_templates",
            "workflow_job_template",
            {**ORGANIZATION, "extra_vars": text(), "survey_enabled": switch(), "allow_simultaneous": switch(),
             "inventory": ref("inventories"), "webhook_service": text(choices=("", "github", "gitlab")),
             **{name: Field(str, None) for name in ("limit", "scm_branch", "job_tags", "skip_tags")},
             **{f"ask_{name}_on_launch": switch() for name in ASKS}},
            lists={**NOTIFIES, "notification_templates_approvals": "notification_templates",
                   "labels": "labels"},
            roles=("admin", "execute", "read", "approval"),
            launchable=True,
        ),
        Kind(
            "workflow_job_template_nodes",
            "workflow_job_template_node",
            {"workflow_job_template": ref("workflow_job_templates", required=True, cascades=True, fixed=True),
             "identifier": text(), "all_parents_must_converge": switch(), **PROMPTS},
            unique=("identifier", "workflow_job_template"),
            lists={**ATTACHED, **{f"{when}_nodes": "workflow_job_template_nodes"
                                  for when in ("success", "failure", "always")}},
            identity="identifier",
        ),
        Kind("workflow_approval_templates", "workflow_approval_template", {"timeout": number()}, unique=()),
        Kind(
            "schedules",
            "schedule",
            {"rrule": text(required=True), "enabled": switch(True), **PROMPTS,
             "unified_job_template": ref("unified_job_templates", required=True, cascades=True)},
            unique=("unified_job_template", "name"),
            lists=ATTACHED,
        ),
        Kind(
            "notification_templates",
            "notification_template",
            {**OWN_ORGANIZATION,
             "notification_type": text(required=True, choices=NOTIFICATION_TYPES),
             "notification_configuration": Field(dict, {}),
             "messages": Field(dict, dict.fromkeys(("started", "success", "error", "workflow_approval")))},
        ),
        Kind("project_updates", "project_update", {}, unique=()),
        Kind("inventory_updates", "inventory_update", {}, unique=()),
        Kind("instance_groups", "instance_group", {}, unique=("name",)),
        Kind("roles", "role", {}, unique=(), lists={"teams": "teams", "users": "users"}),
        Kind("users", "user", {"username": text(required=True)}, unique=("username",), identity="username"),
    )
}  # fmt: skip
LAUNCHABLE = (*(name for name, kind in KINDS.items() if kind.launchable), "workflow_approval_templates")
