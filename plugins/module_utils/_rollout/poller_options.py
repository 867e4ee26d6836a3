# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of bot_rolling_restart ask for, checked, and how much of them is shown.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._core.docker import EngineError
from .clone import Want
from .poller_host import Limits

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_BY_DIGEST = re.compile(r"(?:\S+@)?sha256:[0-9a-f]{64}")
# A shorter value is a part of so many words that masking it everywhere would leave nothing to read.
_SHORTEST_SECRET = 6
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def limits_of(params: dict[str, Any]) -> Limits:
    """Return the longest times; raises EngineError for those that can't be."""
    for option in ("health_timeout", "handover_timeout"):
        if params[option] <= 0:
            raise EngineError("bad_option", f"{params[option]:g}", expected=f"{option} above 0")
    if params["stop_timeout"] is not None and params["stop_timeout"] < 0:
        raise EngineError("bad_option", str(params["stop_timeout"]), expected="stop_timeout to be 0 or more")
    return Limits(params["health_timeout"], params["handover_timeout"], params["stop_timeout"])


def want_of(params: dict[str, Any]) -> Want:
    """Return what pollers are to become; raises EngineError when it can't be done."""
    image = params["image"]
    given = [name for name in ("image", "command", "environment") if params[name]]
    if params["prepared"] and given:
        raise EngineError(
            "bad_option", " and ".join(given), expected="nothing beside prepared that is wanted"
        )
    if params["state"] == "returned" and (given or params["prepared"]):
        found = " and ".join([*given, *(["prepared"] if params["prepared"] else [])])
        raise EngineError("bad_option", found, expected="nothing that is wanted with state=returned")
    if image is not None and not _BY_DIGEST.fullmatch(image):
        expected = "image by its digest, name@sha256:… with 64 hexadecimal digits"
        raise EngineError("bad_option", image, expected=expected)
    environment = params["environment"] or {}
    for name, value in environment.items():
        if not isinstance(value, str):
            kind = type(value).__name__
            expected = f"environment.{name} to be a string, in quotation marks"
            raise EngineError("bad_option", f"a value of the type {kind}", expected=expected)
    command = params["command"]
    return Want(image, environment, None if command is None else tuple(command))


def shown(module: AnsibleModule) -> dict[str, Any]:
    """Return the options as they may be shown, and keep short values from being masked wherever they occur.

    A value such as "1" would take the digit out of every container's name. The module returns no value.
    """
    environment = module.params["environment"] or {}
    module.no_log_values.difference_update(
        str(value) for value in environment.values() if len(str(value)) < _SHORTEST_SECRET
    )
    return {"module_args": {**module.params, "environment": dict.fromkeys(environment, _HIDDEN)}}
