"""AWX's rules for credentials and notifications: their inputs, and which of these are never shown."""

from __future__ import annotations

import re
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fakeawx.refusal import Refusal, denied

HIDDEN = "$encrypted$"


def _managed(kind: str, fields: str, secret: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """One of the types of credentials that AWX brings."""
    inputs = {
        "fields": [
            {
                "id": name,
                "label": name,
                "type": "boolean" if name == "verify_ssl" else "string",
                "secret": name in secret.split(),
            }
            for name in f"{fields} {secret}".split()
        ],
        "required": list(required),
    }
    return {"kind": kind, "managed": True, "inputs": inputs, "injectors": {}}


MANAGED = {
    "Machine": _managed(
        "ssh", "username ssh_public_key_data become_method become_username",
        "password ssh_key_data ssh_key_unlock become_password",
    ),
    "Source Control": _managed("scm", "username", "password ssh_key_data ssh_key_unlock"),
    "Vault": _managed("vault", "vault_id", "vault_password", ("vault_password",)),
    "Container Registry": _managed("registry", "host username verify_ssl", "password", ("host",)),
}  # fmt: skip

# Settings of notifications: name to type and default, where there is one.
_NOTHING = object()
NOTIFICATIONS: dict[str, dict[str, tuple[str, Any]]] = {
    "webhook": {
        "url": ("string", _NOTHING),
        "http_method": ("string", "POST"),
        "disable_ssl_verification": ("bool", False),
        "username": ("string", ""),
        "password": ("password", ""),
        "headers": ("object", _NOTHING),
    },
    "email": {
        "host": ("string", _NOTHING),
        "port": ("int", _NOTHING),
        "username": ("string", _NOTHING),
        "password": ("password", _NOTHING),
        "use_tls": ("bool", _NOTHING),
        "use_ssl": ("bool", _NOTHING),
        "sender": ("string", _NOTHING),
        "recipients": ("list", _NOTHING),
        "timeout": ("int", 30),
    },
    "slack": {"token": ("password", _NOTHING), "channels": ("list", _NOTHING), "hex_color": ("string", "")},
}
_TYPES = {"string": str, "password": str, "int": int, "bool": bool, "list": list, "object": dict}
EVENTS = ("started", "success", "error", "workflow_approval")
APPROVAL_EVENTS = ("running", "approved", "timed_out", "denied")
# What a text of a notification can be made of.
CONTEXT = {
    "job": {
        "id": 1,
        "name": "job",
        "status": "failed",
        "playbook": "site.yml",
        "artifacts": {},
        "summary_fields": {},
    },
    "job_friendly_name": "Job",
    "url": "https://awx.example.com/#/jobs/1",
    "approval_status": "approved",
    "approval_node_name": "Approve",
    "workflow_url": "https://awx.example.com/#/jobs/workflow/1",
    "job_metadata": "{}",
}


def credential_type(new: dict[str, Any], old: dict[str, Any] | None, used: bool) -> None:
    """Refuse a type of credentials that AWX would refuse."""
    if old and old["managed"]:
        raise denied("Modifications not allowed for managed credential types")
    if old and used and old["inputs"] != new["inputs"]:
        raise denied("Modifications to inputs are not allowed for credential types that are in use")
    if new["kind"] not in ("cloud", "net"):
        raise Refusal({"kind": [f"Must be 'cloud' or 'net', not {new['kind']}"]})
    if set(new["inputs"]) - {"fields", "required"} or set(new["injectors"]) - {"file", "env", "extra_vars"}:
        raise Refusal({"inputs": ["Additional properties are not allowed"]})
    known = set()
    for field in new["inputs"].get("fields", []):
        allowed = {"id", "label", "type", "secret", "multiline", "format", "help_text", "choices", "default"}
        if not {"id", "label"} <= set(field) <= allowed or not re.fullmatch(r"[a-zA-Z_]\w*", field["id"]):
            raise Refusal({"inputs": [f"{field} is not a field"]})
        if field["id"] in known or field["id"] == "tower":
            raise Refusal({"inputs": [f"field IDs must be unique ({field['id']})"]})
        field.setdefault("type", "string")
        known.add(field["id"])
    for names in new["injectors"].values():
        for name, template in names.items():
            _injector(name, template, known)
    if any(name.startswith("ANSIBLE_") for name in new["injectors"].get("env", {})):
        raise Refusal({"injectors": ["Environment variable may affect Ansible configuration"]})


def _injector(name: str, template: str, known: set[str]) -> None:
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    try:
        environment.from_string(template).render(dict.fromkeys(known, "EXAMPLE"))
    except jinja2.UndefinedError as error:
        raise Refusal({"injectors": [f"{name} uses an undefined field ({error})"]}) from error


def credential(new: dict[str, Any], old: dict[str, Any] | None, kind: dict[str, Any]) -> None:
    """Refuse inputs that the type doesn't know, and keep those that were sent back hidden."""
    if old is None and not new.get("organization"):
        raise Refusal({"detail": "Missing 'user', 'team', or 'organization'."})
    fields = {field["id"]: field for field in kind["inputs"].get("fields", [])}
    for name, value in new["inputs"].items():
        if name not in fields:
            raise Refusal({"inputs": [f"Additional properties are not allowed ('{name}' was unexpected)"]})
        if not isinstance(value, bool if fields[name]["type"] == "boolean" else str):
            raise Refusal({"inputs": {name: [f"{value} is not of type '{fields[name]['type']}'"]}})
        if value == HIDDEN and fields[name].get("secret"):
            if old is None:
                raise Refusal({"inputs": [f"{HIDDEN} is a reserved keyword, and cannot be used for {name}."]})
            new["inputs"][name] = old["inputs"].get(name, "")


def shown_inputs(inputs: dict[str, Any], kind: dict[str, Any]) -> dict[str, Any]:
    """Return a credential's inputs as AWX shows them."""
    hidden = {field["id"] for field in kind["inputs"].get("fields", []) if field.get("secret")}
    return {name: HIDDEN if name in hidden and value else value for name, value in inputs.items()}


def notification(new: dict[str, Any], old: dict[str, Any] | None) -> None:
    """Refuse settings and texts of a notification that AWX would refuse."""
    settings = new["notification_configuration"]
    missing, wrong = [], []
    for name, (kind, default) in NOTIFICATIONS[new["notification_type"]].items():
        if name not in settings:
            if default is _NOTHING:
                missing.append(name)
                continue
            settings[name] = default
        # A boolean is no number here, as in AWX.
        if type(settings[name]) is not _TYPES[kind]:  # pylint: disable=unidiomatic-typecheck
            wrong.append(f"Configuration field '{name}' incorrect type, expected {kind}.")
        elif kind == "list" and not settings[name]:
            wrong.append(f"No values specified for field '{name}'")
        elif kind == "password" and settings[name] == HIDDEN and old:
            settings[name] = old["notification_configuration"][name]
    if missing:
        wrong.append(f"Missing required fields for Notification Configuration: {missing}.")
    if wrong:
        raise Refusal({"__all__": wrong})
    _messages(new["messages"])


def _messages(messages: dict[str, Any] | None) -> None:
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for event, said in (messages or {}).items():
        if event not in EVENTS:
            raise Refusal({"messages": [f"Event '{event}' invalid, must be one of {EVENTS}"]})
        by_event = (said or {}) if event == "workflow_approval" else {event: said}
        for name, texts in by_event.items():
            if event == "workflow_approval" and name not in APPROVAL_EVENTS:
                raise Refusal({"messages": [f"Workflow Approval event '{name}' invalid"]})
            for part, template in (texts or {}).items():
                if part not in ("message", "body"):
                    raise Refusal(
                        {"messages": [f"Message type '{part}' invalid, must be either 'message' or 'body'"]}
                    )
                if part == "message" and "\n" in (template or ""):
                    raise Refusal({"messages": ["Messages cannot contain newlines"]})
                try:
                    environment.from_string(template or "").render(CONTEXT)
                except jinja2.UndefinedError as error:
                    # It names the field as Python does: 'jobs' is undefined.
                    field = str(error).split("'")[1]
                    raise Refusal({"messages": [f"Field '{field}' unavailable"]}) from error
                except jinja2.TemplateError as error:
                    raise Refusal(
                        {"messages": [f"Unable to render message '{template}': {error}"]}
                    ) from error


def shown_settings(settings: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a notification's settings as AWX shows them."""
    types = NOTIFICATIONS[kind]
    return {
        name: HIDDEN if value and types.get(name, ("", None))[0] == "password" else value
        for name, value in settings.items()
    }
