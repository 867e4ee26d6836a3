# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both modules that replace containers say when they fail.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.aisha.cluster.plugins.module_utils._replacement import Refusal, StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.aisha.cluster.plugins.module_utils._docker import EngineError


def failed(error: Refusal | StepFailed | EngineError, mask: Callable[[Any], Any] | None) -> dict[str, Any]:
    """Return what a module fails with; a step's own words are masked already.

    Args:
        error: what it is.
        mask: takes secrets out of it; None when none can be known yet.
    """
    mask = mask or (lambda value: value)
    if isinstance(error, StepFailed):
        return {"msg": str(error), "failure": {"reason": "step_failed", **error.as_dict()}}
    if isinstance(error, Refusal):
        found = mask(error.found)
        failure = {"reason": "refused_to_begin", "container": error.subject, "expected": error.expected}
        message = f"{error.subject}: expected {error.expected}, found {found}. Nothing was touched."
        return {"msg": message, "failure": {**failure, "found": found}}
    details = {"exception": error.details} if error.details else {}
    failure = {**error.as_failure(), "container": error.subject}
    return {"msg": mask(str(error)), "failure": mask(failure), **details}
