#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module cluster_lock."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_lock
short_description: Let one run at a time change a cluster, and log what it does
version_added: 0.1.0
description:
  - Takes and gives back the lock of a cluster, a file on one of its hosts, and writes the beginning and the
    end of each run into a log beside it.
  - Of several runs that ask at once one gets it. Its expiry is judged by the clock of that host alone.
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
    details:
      - Whether the lock could be had is told in RV(msg), and where it couldn't be, by a warning too; it is no
        failure.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - A run that has the lock and asks for it again gets it for longer, and nothing is logged.
options:
  home:
    description: Folder on the host, with C(lock.json) and C(audit.log). It is made when there is none.
    type: path
    required: true
  state:
    description:
      - V(held) takes the lock.
      - V(released) gives it back, and logs the end of the run whether it still had it or not. A run that has
        the lock no more is warned.
    type: str
    choices: [held, released]
    default: held
  run:
    description: The run that asks, as P(aisha.cluster.controller_run#lookup) names it.
    type: str
    required: true
  owner:
    description: Who runs it. Required for O(state=held).
    type: str
  action:
    description: What it does. Required for O(state=held).
    type: str
  expiry:
    description: Seconds after which another run may take the lock over.
    type: int
    default: 3600
  ended_run:
    description:
      - A run that has certainly ended. If it has the lock, that is taken over.
    type: str
    default: ""
  break_other:
    description: Whether to take the lock from whichever run has it.
    type: bool
    default: false
  fail_when_held:
    description: Whether it is a failure that another run has the lock. If not, RV(held) tells.
    type: bool
    default: true
  outcome:
    description: How the run ended. Required for O(state=released).
    type: str
    choices: [succeeded, unchanged, failed, returned]
  failure:
    description: What went wrong. Bot tokens, and passwords in addresses, are masked.
    type: str
    default: ""
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Take the lock
  aisha.cluster.cluster_lock:
    home: /opt/aisha
    run: "{{ lookup('aisha.cluster.controller_run').run }}"
    owner: "{{ lookup('aisha.cluster.controller_run').owner }}"
    action: restart

- name: Give it back
  aisha.cluster.cluster_lock:
    home: /opt/aisha
    state: released
    run: "{{ lookup('aisha.cluster.controller_run').run }}"
    outcome: succeeded
"""

RETURN = r"""
msg:
  description: What became of the wish for the lock, in words.
  returned: with O(state=held), and on failure
  type: str
  sample: The cluster's lock was taken.
held:
  description: Whether the run has the lock now, or would have it if it weren't for check mode.
  returned: success
  type: bool
  sample: true
held_by:
  description: >-
    Who has the lock, would have it if it weren't for check mode, or had it last. Empty when nobody has.
  returned: always
  type: dict
  contains:
    who:
      description: Its owner.
      type: str
    what:
      description: What it does.
      type: str
    run:
      description: The run.
      type: str
    since:
      description: When it got the lock, by the host's clock, in ISO 8601.
      type: str
    until:
      description: When the lock expires.
      type: str
  sample:
    who: ann@ops
    what: rolling_update
    run: 9b2f6c1e-71d3-4a3c-8f0e-2f6f0c1f8a52.4026531836/4711/881204
    since: "2026-11-24T09:00:00.000+00:00"
    until: "2026-11-24T10:00:00.000+00:00"
entry:
  description: The line of the log for the beginning or the end of the run. Empty when none was written.
  returned: success
  type: dict
  sample:
    at: "2026-11-24T09:02:11.512+00:00"
    event: finished
    who: ann@ops
    what: rolling_update
    run: 9b2f6c1e-71d3-4a3c-8f0e-2f6f0c1f8a52.4026531836/4711/881204
    outcome: succeeded
    release_from: 4
    release_to: 5
    seconds: 131.5
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._release import lock
from ..module_utils._release.records import current_number
from ..module_utils._release.store import LOCK, Files, FilesError, parsed, pretty


def hold(params: dict[str, Any], files: Files, *, check: bool) -> dict[str, Any]:
    """Take the lock if it can be had."""
    wish = lock.Wish(
        run=params["run"],
        who=params["owner"],
        what=params["action"],
        expiry=params["expiry"],
        ended_run=params["ended_run"],
        break_other=params["break_other"],
    )
    with files.alone(make=not check):
        before = files.read(LOCK)
        now = time.time()
        made = lock.claim(wish, there=before is not None, other=lock.Holder.read(parsed(before)), now=now)
        if not made.held:
            message = lock.refusal(params["home"], made.holder)
            return {"changed": False, "held": False, "held_by": made.holder.as_dict(), "msg": message}
        after = pretty(made.holder.as_dict())
        lines = lock.beginning(made, wish, now, current_number(files))
        if not check:
            # The log first: it may tell of a lock that wasn't taken after all, never miss one that was.
            if lines:
                files.log(lines)
            files.write(LOCK, after)
    return {
        "changed": True,
        "held": True,
        "held_by": made.holder.as_dict(),
        "entry": {} if check or not lines else lines[-1],
        "msg": _told(made, check=check),
        "diff": _diff(params["home"], before, after),
    }


def _told(made: lock.Claim, *, check: bool) -> str:
    taken = "would be taken" if check else "was taken"
    if not made.event:
        return f"The cluster's lock {taken}."
    whose = f" {made.other}" if made.other else ""
    return f"The cluster's lock {taken} from another run ({made.why}):{whose or ' its file can not be read'}."


def release(params: dict[str, Any], files: Files, *, check: bool) -> dict[str, Any]:
    """Give the lock back if the run has it, and log its end."""
    with files.alone(make=False):
        before = files.read(LOCK)
        holder = lock.Holder.read(parsed(before))
        own = holder is not None and holder.run == params["run"]
        outcome = lock.Outcome(params["outcome"], params["failure"])
        line = lock.ending(params["run"], outcome, time.time(), current_number(files), files.logged())
        if line is not None and not own:
            line["lock_lost"] = True
        if not check:
            if line is not None:
                files.log([line])
            if own:
                files.remove(LOCK)
    lost = f", found that {holder}" if holder else ", found that nobody has it"
    return {
        "changed": own or line is not None,
        "held": False,
        "held_by": holder.as_dict() if holder else {},
        "entry": {} if check or line is None else line,
        "warning": f"Cluster lock {params['home']}: expected this run to have it{lost}."
        if line is not None and not own
        else "",
        "diff": _diff(params["home"], before, "" if own else before),
    }


def _diff(home: str, before: str | None, after: str | None) -> dict[str, str]:
    name = f"{home}/{LOCK}"
    return {"before_header": name, "before": before or "", "after_header": name, "after": after or ""}


def main() -> None:
    """Do what the options ask for."""
    spec: dict[str, dict[str, Any]] = {
        "home": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
        "run": {"type": "str", "required": True},
        "owner": {"type": "str"},
        "action": {"type": "str"},
        "expiry": {"type": "int", "default": 3600},
        "ended_run": {"type": "str", "default": ""},
        "break_other": {"type": "bool", "default": False},
        "fail_when_held": {"type": "bool", "default": True},
        "outcome": {"type": "str", "choices": ["succeeded", "unchanged", "failed", "returned"]},
        "failure": {"type": "str", "default": ""},
    }
    module = AnsibleModule(
        argument_spec=spec,
        required_if=[("state", "held", ("owner", "action")), ("state", "released", ("outcome",))],
        supports_check_mode=True,
    )
    params = module.params
    if params["expiry"] < 1:
        message = f"Option expiry: expected 1 second or more, found {params['expiry']}."
        module.fail_json(msg=message, held_by={})
    act = hold if params["state"] == "held" else release
    try:
        result = act(params, Files(params["home"]), check=module.check_mode)
    except FilesError as error:
        module.fail_json(msg=f"Cluster lock: {error}", held_by={})
    refused = params["state"] == "held" and not result["held"]
    if refused and params["fail_when_held"] and not module.check_mode:
        module.fail_json(**result)
    warning = result.pop("warning", "")
    if refused and params["fail_when_held"]:
        warning = result["msg"]
    if warning:
        module.warn(warning)
    module.exit_json(**{"entry": {}, **result})


if __name__ == "__main__":
    main()
