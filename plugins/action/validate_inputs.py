# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action validate_inputs; its documentation is in plugins/modules/validate_inputs.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase

from ..plugin_utils._inputs.origin import is_default, place_of
from ..plugin_utils._inputs.specs import inputs_of
from ..plugin_utils._inputs.values import UnfitValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..plugin_utils._inputs.specs import Input


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Looks at what the inventory gives to the roles that a host is deployed with."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Fail with all that is wrong."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            argument_spec={"roles": {"type": "list", "elements": "str", "required": True}}
        )[1]
        variables = task_vars or {}
        try:
            inputs = [each for each in inputs_of(arguments["roles"]) if each.name in variables]
        except UnfitValue as error:
            raise AnsibleActionFail(f"validate_inputs: {error}.") from error
        faults: list[dict[str, str]] = []
        derived: list[dict[str, str]] = []
        for each in inputs:
            value = variables[each.name]
            try:
                self._check(each, value)
            except UnfitValue as error:
                (derived if is_default(value) else faults).append(
                    {
                        "subject": each.name,
                        "expected": error.expected,
                        "found": error.found,
                        "place": place_of(each.name, value, variables, error.found),
                    }
                )
        # What a default is made of has been found wrong by itself.
        faults = faults or derived
        if not faults:
            return {"changed": False, "faults": []}
        lines = [f"Inputs of {variables['inventory_hostname']} that can't be used:"]
        lines += [
            f"  {subject}: expected {expected}, found {found}. Set it in {place}."
            for subject, expected, found, place in map(dict.values, faults)
        ]
        return {
            "failed": True,
            "faults": faults,
            "msg": "\n".join(lines),
        }

    def _check(self, each: Input, value: Any) -> None:
        try:
            each.check(self._templar.template(value))
        except AnsibleUndefinedVariable as error:
            raise UnfitValue("a value", f"an expression with what isn't defined: {_cause(error)}") from error
        except AnsibleError as error:
            # What it says may hold the value.
            raise UnfitValue("a value", "an expression that can't be evaluated") from error


def _cause(error: BaseException) -> str:
    """What is undefined; the expression around it isn't shown."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0].rstrip(".")
