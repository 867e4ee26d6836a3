#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module bot_rolling_restart."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bot_rolling_restart
short_description: Replace or restart a bot's pollers in order, without a gap in polling
version_added: 0.1.0
description:
  - Gives the pollers that one Docker engine runs for a cluster another image, another command or other
    variables, or restarts them as they are. They are such as the role P(aisha.cluster.bot_cluster#role)
    makes.
  - Every standby comes first, one at a time, each until its poll guard says that it is ready. Then the
    guard of the active poller hands over, and the former active poller comes last.
  - A replaced container keeps all of its configuration but what is asked for. The previous container is
    renamed to C(NAME-previous), and removed when the new one is healthy and polls. When a step fails, the
    previous container is back in its place, and all others are left alone.
  - When the poller that was handed over to does not poll, the former active one gets the lease back, the
    previous containers are put back, and the module fails.
  - An interrupted run is finished or undone by the next one. It goes by C(NAME-previous), by C(NAME-next),
    a container that was not in its place yet, and by stopped pollers, which are started.
  - Where the active poller is on another host, only this host's standbys are replaced. Across hosts, run it
    on the host of the active poller last.
  - It does not begin when more than one poller is active, when a poller is paused, and when none is active
    though one is ready. When none is active and none is ready, nothing can get worse, and all are replaced
    in order.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.docker
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(state=restarted), every run restarts.
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  state:
    description:
      - V(updated), pollers that differ from O(image), O(command) and O(environment) are replaced, and those
        that are stopped are started.
      - V(restarted), so are they, and all others are restarted.
      - V(returned), those that have a C(NAME-previous) get it back, in the same order.
    type: str
    choices: [updated, restarted, returned]
    default: updated
  image:
    description:
      - The image, by its digest (C(name@sha256:…)) or its ID (C(sha256:…)). It must be on the engine.
      - Its own entry point takes the place of the former image's in the poller's command.
      - Without it, each poller keeps its image.
    type: str
  command:
    description:
      - What comes after the image's own entry point. Without it, each poller keeps its own.
    type: list
    elements: str
  environment:
    description:
      - Variables that are set over those that each poller has. All others stay.
    type: dict
    default: {}
  prepared:
    description:
      - Whether C(NAME-next), where there is one, is what a poller becomes. It is a container with all that is
        wanted, made beforehand and not started. A poller without one is as wanted.
      - Excludes O(image), O(command) and O(environment).
    type: bool
    default: false
  keep_previous:
    description:
      - Whether C(NAME-previous) stays after success, for O(state=returned), until
        M(aisha.cluster.instance_replacement) settles it. One that is there already stays, as the last that
        was known to be good.
      - As long as an update isn't settled, restart with it too. Without it such a container is cleared away.
    type: bool
    default: false
  health_timeout:
    description:
      - Seconds that a poller has to become healthy, and the new active one to poll.
    type: float
    default: 90
  stop_timeout:
    description:
      - Seconds that a poller has to end. Without it, what its container was made with.
    type: int
  handover_timeout:
    description:
      - Seconds that a hand-over may take.
    type: float
    default: 60
seealso:
  - module: aisha.cluster.bot_cluster_info
  - module: aisha.cluster.instance_replacement
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Restart the pollers of this host in order
  aisha.cluster.bot_rolling_restart:
    state: restarted

- name: Bring the new image
  community.docker.docker_image_pull:
    name: "{{ bot_image }}"
    pull: not_present

- name: Replace the pollers of this host
  aisha.cluster.bot_rolling_restart:
    image: "{{ bot_image }}"
  register: bot

- name: Say how long nobody held the lease
  ansible.builtin.debug:
    msg: "{{ bot.steps | selectattr('action', 'eq', 'hand_over') | map(attribute='gap_s') }}"

- name: Bring a new setting to the pollers
  aisha.cluster.bot_rolling_restart:
    environment:
      GREETING: Welcome
"""

RETURN = r"""
plan:
  description: What is to be done, in order. Empty when all is as wanted.
  returned: success, and when a step fails
  type: list
  elements: dict
  contains:
    container: {description: "Name of the container.", returned: always, type: str}
    action:
      description:
        - V(recreate), V(return) or V(restart), it is replaced, gets its previous container back, or is
          restarted, and is waited for.
        - V(wait), it only is waited for.
        - V(hand_over), it passes the lease to one that is ready.
        - V(remove) or V(put_back), what an interrupted run left is cleared away.
      returned: always
      type: str
    role: {description: "The poller's role when the plan was made.", returned: always, type: str}
    from_digest: {description: "Digest of the image that it has.", returned: always, type: str}
    to_digest: {description: "Digest of the image that it gets.", returned: always, type: str}
    changes:
      description:
        - What differs, V(image), V(command), a variable's name, or, of two containers, V(configuration).
      returned: always
      type: list
      elements: str
  sample:
    - {container: aisha-bot-polling-2, action: restart, role: standby, from_digest: "sha256:1f…",
       to_digest: "sha256:1f…", changes: []}
steps:
  description:
    - What was done, with its seconds. Empty in check mode. Beside what RV(plan) says of each step, it has the
      following.
  returned: success, and when a step fails
  type: list
  elements: dict
  contains:
    seconds: {description: "Seconds of the whole step.", returned: always, type: float}
    stop_s: {description: "Seconds until the container had ended.", returned: always, type: float}
    healthy_s:
      description: Seconds from start until healthy; after a hand-over, until the new active one polled.
      returned: always
      type: float
    hand_over_s: {description: "Seconds of the hand-over.", returned: always, type: float}
    gap_s: {description: "Seconds without a holder, as the guard says.", returned: always, type: float}
    message: {description: "The guard's words on the hand-over.", returned: always, type: str}
  sample:
    - {container: aisha-bot-polling-1, action: hand_over, role: active, from_digest: "sha256:1f…",
       to_digest: "sha256:1f…", seconds: 2.4, stop_s: null, healthy_s: 2.2, hand_over_s: 0.2, gap_s: 0.004,
       message: "bot-polling-2 took over with epoch 8; …"}
active:
  description: The instance that is active, here or on another host; V(none) when nobody is.
  returned: success, and when a step fails
  type: dict
  contains:
    before: {description: "Before the first step.", returned: always, type: str}
    after: {description: "After the last one; in check mode, as before.", returned: always, type: str}
  sample: {before: bot-polling-1, after: bot-polling-2}
failure:
  description: What went wrong, for programs. RV(ignore:msg) says the same for people.
  returned: failure
  type: dict
  contains:
    reason:
      description:
        - V(step_failed), a poller did not do what was expected of it.
        - V(refused_to_begin), it is better not to begin; nothing was touched.
        - Others as RV(aisha.cluster.bot_cluster_info#module:failure.reason).
      returned: always
      type: str
    container: {description: "Whom it is about.", returned: always, type: str}
    expected: {description: "What was expected.", returned: always, type: str}
    found: {description: "What was found.", returned: always, type: str}
    log: {description: "The poller's last lines.", returned: when a step failed, type: str}
    outcome: {description: "What has become of all pollers.", returned: when a step failed, type: str}
    restored:
      description: Whether the previous container is back and healthy; V(none) when there was none.
      returned: when a step failed
      type: bool
  sample: {reason: refused_to_begin, container: Pollers, expected: one that is active, found: "2: a, b"}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._rollout.errors import Refusal, StepFailed, failed
from ..module_utils._rollout.poller_host import Host
from ..module_utils._rollout.poller_options import limits_of, shown, want_of
from ..module_utils._rollout.poller_plan import Mode, difference
from ..module_utils._rollout.poller_run import Restart

GAP = (
    "{0} is the only poller: nobody takes over while it is {1}, so the bot is silent until it is back. "
    "Two pollers give failover."
)
DEEDS = {"recreate": "replaced", "return": "returned"}


def result_of(restart: Restart, *, check_mode: bool) -> dict[str, Any]:
    """Return what the module returns of a run, wherever it got to."""
    done = [step for step in restart.steps if step.action != "wait"]
    planned = restart.planned
    before = restart.active_before
    return {
        "changed": planned.changes if check_mode else bool(done),
        "plan": [step.as_dict() for step in planned.steps],
        "steps": [step.as_dict() for step in restart.steps],
        "active": {"before": before, "after": restart.active() if done else before},
        "diff": difference(planned, restart.states),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "state": {"type": "str", "choices": ["updated", "restarted", "returned"], "default": "updated"},
            "image": {"type": "str"},
            "command": {"type": "list", "elements": "str"},
            "environment": {"type": "dict", "default": {}, "no_log": True},
            "prepared": {"type": "bool", "default": False},
            "keep_previous": {"type": "bool", "default": False},
            "health_timeout": {"type": "float", "default": 90},
            "stop_timeout": {"type": "int"},
            "handover_timeout": {"type": "float", "default": 60},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    invocation = shown(module)
    restart = host = None
    try:
        limits, want = limits_of(module.params), want_of(module.params)
        host = Host(connector(module.params), module.params["cluster_name"], want, limits)
        restart = Restart(host, Mode(*map(module.params.get, ("state", "prepared", "keep_previous"))))
        if module.check_mode:
            restart.plan(predict=True)
        else:
            restart.apply()
        if restart.planned.gap:
            last = restart.planned.steps[-1]
            module.warn(GAP.format(last.container, DEEDS.get(last.action, "restarted")))
        result = result_of(restart, check_mode=module.check_mode)
    except (Refusal, StepFailed, EngineError) as error:
        result = result_of(restart, check_mode=False) if isinstance(error, StepFailed) and restart else {}
        module.fail_json(**failed(error, host.mask if host else None), invocation=invocation, **result)
    module.exit_json(invocation=invocation, **result)


if __name__ == "__main__":
    main()
