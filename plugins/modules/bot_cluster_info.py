#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module bot_cluster_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bot_cluster_info
short_description: Tell which poller of a bot is active, and how all of them are
version_added: 0.1.0
description:
  - Looks at the pollers that one Docker engine runs for a cluster, as made by the role
    P(aisha.cluster.bot_cluster#role), and asks the poll guard in each of them.
  - A poller that is stopped, paused or frozen, or whose guard does not answer, is reported as such. Only an
    engine that can not be asked is a failure.
  - All pollers are asked at the same time. Nothing is asked of Telegram.
  - Which poller is active is a fact of the moment. Across hosts, put the answers of all hosts together.
  - Bot tokens, and the secrets in a container's environment, are masked in all that the module returns.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
  - aisha.cluster.docker
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  answer_timeout:
    description:
      - Seconds that the pollers have to answer, all of them together.
      - What is known by then is returned, with RV(pollers[].problem) set.
    type: float
    default: 10
  log_period:
    description:
      - Seconds of each poller's log, back from now, in which conflicts are looked for. At most its last 5000
        lines are read; with V(0), none.
    type: int
    default: 3600
seealso:
  - module: aisha.cluster.telegram_bot_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look at the pollers of this host
  aisha.cluster.bot_cluster_info:
  register: bot

- name: Stop unless one poller polls, another is ready, and nobody else uses the token
  ansible.builtin.assert:
    that:
      - bot.summary.active | length == 1
      - bot.summary.ready_standbys | length >= 1
      - bot.summary.healthy
      - bot.pollers | map(attribute='conflicts.log') | select | length == 0
    fail_msg: >-
      Active: {{ bot.summary.active }}, ready: {{ bot.summary.ready_standbys }}, not well:
      {{ bot.pollers | rejectattr('good') | items2dict(key_name='name', value_name='problem') }}

- name: Wait until a poller is active somewhere in the cluster
  aisha.cluster.bot_cluster_info:
    cluster_name: shop
    log_period: 0
  register: shop
  until: shop.pollers | map(attribute='lease.holder') | select | length > 0
  retries: 10
  delay: 1
"""

RETURN = r"""
pollers:
  description:
    - The pollers of this engine, by name. What is not known, as of one that is stopped, is V(none).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Name of the container.", returned: always, type: str}
    instance:
      description: Name of the instance in the cluster, by which the lease's holder is called.
      returned: always
      type: str
    state:
      description: >-
        The engine's word for the container, such as V(running), V(paused), V(restarting) or V(exited).
      returned: always
      type: str
    exit_code: {description: "How the container ended; V(none) while it runs.", returned: always, type: int}
    restarts:
      description: How often the engine has started the container again.
      returned: always
      type: int
    image: {description: "Name of the image that the container was made with.", returned: always, type: str}
    image_digest:
      description: Digest of the image in its registry; V(none) when it never was in any.
      returned: always
      type: str
    mode: {description: "How the guard works, V(gate) or V(process).", returned: always, type: str}
    role:
      description: V(active) holds the lease, V(standby) waits for it, V(unknown) was not heard.
      returned: always
      type: str
    good:
      description: Whether the guard says that this poller polls, or that it is ready to.
      returned: always
      type: bool
    problem:
      description: Why this poller is not good, the guard's own reason or why the guard was not heard.
      returned: always
      type: str
    found: {description: "The same without what was expected.", returned: always, type: str}
    health:
      description: How the poller is.
      returned: always
      type: dict
      contains:
        docker:
          description: >-
            What Docker's health check said last, some seconds ago, V(starting), V(healthy) or V(unhealthy).
          returned: always
          type: str
        fault:
          description: What the guard finds wrong at this moment; V(none) when nothing is.
          returned: always
          type: str
    lease:
      description: The lease, as this poller's guard knows it.
      returned: always
      type: dict
      contains:
        name: {description: "Its key in Redis.", returned: always, type: str}
        holder:
          description: Instance that holds it; V(none) when nobody does.
          returned: always
          type: str
        epoch: {description: "How often it has been taken by now.", returned: always, type: int}
        time_left_s:
          description: Seconds until it ends, unless it is renewed.
          returned: always
          type: float
    poll_age_s:
      description: >-
        Seconds since the last good poll at Telegram, V(0) while one is in flight. In the mode V(process),
        since a connection to the Bot API was last seen.
      returned: always
      type: float
    command_poll_age_s:
      description: Seconds since the bot last asked the guard for updates, V(0) while it waits for them.
      returned: always
      type: float
    backlog: {description: "Updates that wait at Telegram.", returned: always, type: int}
    conflicts:
      description: Signs of somebody else who polls with the same token, or of a webhook (409).
      returned: always
      type: dict
      contains:
        guard: {description: "How many the guard has counted since it started.", returned: always, type: int}
        age_s: {description: "Seconds since the guard's last one.", returned: always, type: float}
        log:
          description: How many lines of the log tell of one; V(none) when the log was not read or can not be.
          returned: always
          type: int
        last: {description: "The last of these lines.", returned: always, type: str}
    guard:
      description: All that the guard says of itself, as C(pollguard status --json).
      returned: always
      type: dict
  sample:
    - name: aisha-bot-polling-1
      instance: bot-polling-1
      state: running
      exit_code: null
      restarts: 0
      image: localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
      image_digest: sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
      mode: gate
      role: active
      good: true
      problem: null
      found: null
      health: {docker: healthy, fault: null}
      lease: {name: "pollguard:{123456789}:lease", holder: bot-polling-1, epoch: 7, time_left_s: 2.41}
      poll_age_s: 0.0
      command_poll_age_s: 0.0
      backlog: 0
      conflicts: {guard: 0, age_s: null, log: 0, last: null}
      guard: {instance: bot-polling-1, mode: gate, role: active, good: true, fault: null}
summary:
  description: The same in short. Names are those of containers.
  returned: success
  type: dict
  contains:
    pollers: {description: "How many pollers there are on this engine.", returned: always, type: int}
    active:
      description: Those that say they hold the lease.
      returned: always
      type: list
      elements: str
    ready_standbys:
      description: Those that could take the lease at once.
      returned: always
      type: list
      elements: str
    unhealthy:
      description: Those whose guard says that they are not well, or was not heard.
      returned: always
      type: list
      elements: str
    healthy:
      description: Whether RV(summary.unhealthy) is empty. So it is on a host that runs no poller.
      returned: always
      type: bool
  sample:
    pollers: 2
    active: [aisha-bot-polling-1]
    ready_standbys: [aisha-bot-polling-2]
    unhealthy: []
    healthy: true
failure:
  description: What went wrong, for programs. RV(ignore:msg) says the same for people.
  returned: failure
  type: dict
  contains:
    reason:
      description:
        - V(library_missing), the target lacks the Docker SDK for Python.
        - V(bad_option), an option has a value that can not be used.
        - V(permission_denied), the user may not use the engine.
        - V(unreachable), there is no way to the engine.
        - V(refused), the engine answered with an error.
      returned: always
      type: str
    expected: {description: "What was expected.", returned: always, type: str}
    found: {description: "What was found.", returned: always, type: str}
    advice: {description: "What to do about it.", returned: always, type: str}
  sample:
    reason: permission_denied
    expected: an answer
    found: "('Connection aborted.', PermissionError(13, 'Permission denied'))"
    advice: "Run the task with become: true."
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._pollers.model import summarise
from ..module_utils._pollers.query import pollers_of


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the module returns; raise EngineError when the engine can't be asked."""
    if params["answer_timeout"] <= 0:
        raise EngineError("bad_option", f"{params['answer_timeout']:g}", expected="answer_timeout above 0")
    if params["log_period"] < 0:
        raise EngineError("bad_option", str(params["log_period"]), expected="log_period to be 0 or more")
    pollers = pollers_of(
        connector(params),
        params["cluster_name"],
        log_period=params["log_period"],
        answer_timeout=params["answer_timeout"],
    )
    return {
        "pollers": [poller.as_dict() for poller in pollers],
        "summary": summarise(pollers).as_dict(),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "answer_timeout": {"type": "float", "default": 10},
            "log_period": {"type": "int", "default": 3600},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    try:
        result = look(module.params)
    except EngineError as error:
        details = {"exception": error.details} if error.details else {}
        module.fail_json(msg=str(error), failure=error.as_failure(), **details)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
