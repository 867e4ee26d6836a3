# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints of container specs: what a container was created from, field by field, without its values.

Private to this collection. The control node hashes each field, so that no secret travels to be compared; the
managed host keys the hashes with a key that never leaves it, so that a label betrays no weak password.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC_LABEL = "aisha.spec"

# Fields of a spec by which a container is created, as docker_container names them. Another value
# of one of these needs another container.
CREATED_WITH = {
    "command": "command",
    "cpus": "cpus",
    "entrypoint": "entrypoint",
    "env": "env",
    "healthcheck": "healthcheck",
    "labels": "labels",
    "log_driver": "log_driver",
    "log_options": "log_options",
    "mounts": "mounts",
    "network_mode": "network_mode",
    "ports": "published_ports",
    "stop_signal": "stop_signal",
    "stop_timeout": "stop_timeout",
    "user": "user",
}
# The order of these says nothing.
_UNORDERED = ("mounts", "ports")
_DIGITS = 12


def field_hashes(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each field by which a container is created, as hexadecimal digits.

    Numbers count as the text that they are written as: a template may return either. Fields that are absent,
    None or empty are left out.
    """
    hashes = {}
    for field, name in CREATED_WITH.items():
        value = _as_text(spec.get(field))
        if value in (None, "", [], {}):
            continue
        if field in _UNORDERED:
            value = sorted(value, key=_json)
        hashes[name] = hashlib.sha256(_json(value).encode()).hexdigest()
    return hashes


def keyed(hashes: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Return the fields' keyed hashes, short enough for a label."""
    return {
        name: hmac.new(key, f"{name}={value}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]
        for name, value in hashes.items()
    }


def label_of(fields: Mapping[str, str]) -> str:
    """Return the value of the label for keyed hashes."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def fields_of(label: str | None) -> dict[str, str] | None:
    """Return the keyed hashes of a label; None where there is no such label, or it isn't one of ours."""
    try:
        fields = json.loads(label or "")
    except ValueError:
        return None
    return {str(name): str(value) for name, value in fields.items()} if isinstance(fields, dict) else None


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_text(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_text(each) for each in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
