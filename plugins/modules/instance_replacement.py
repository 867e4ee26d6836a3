#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module instance_replacement."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_replacement
short_description: Replace one container of a cluster by the one that is prepared for its place
version_added: 0.1.0
description:
  - Gives the place of a container to C(NAME-next), a container with all that is wanted of it, which was made
    beforehand, without being started, such as by C(community.docker.docker_container). The former container
    is stopped, renamed to C(NAME-previous), and kept until the update is settled or returned.
  - When a step fails, C(NAME-previous) is back in its place, healthy, and the module fails.
  - Interrupted at any point and run again, it goes on from what it finds under the three names.
  - All three containers carry the labels C(aisha.cluster) and C(aisha.component). Only NAME is an instance.
  - A NAME or C(NAME-previous) without the label C(aisha.cluster) was started by hand. Its place is taken over
    like any other; it is never removed, but kept in the end as C(NAME-by-hand-ID), stopped, and not started
    by the engine again.
  - For all instances but pollers, whose order M(aisha.cluster.bot_rolling_restart) knows.
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
  name:
    description:
      - Name of the instance's container. Without it, O(state=settled) is about every instance of the cluster
        on this engine, pollers too.
    type: str
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  state:
    description:
      - V(replaced), C(NAME-next) takes the place. A C(NAME-previous) that is there already, since an earlier
        update was not settled, stays as the last one that was known to be good; NAME is removed then. Without
        C(NAME-next), NAME is seen to run and to be healthy, and started when it is stopped.
      - V(restarted), the same container is stopped and started.
      - V(returned), C(NAME-previous) takes its place again, and NAME is removed. Without C(NAME-previous),
        NAME is only started when it is stopped.
      - V(set_aside), a NAME that was started by hand makes room and becomes C(NAME-previous), though nothing
        is prepared for its place. Any other NAME is left alone.
      - V(settled), C(NAME-previous) and C(NAME-next) are removed, unless NAME itself is missing.
    type: str
    choices: [replaced, restarted, returned, set_aside, settled]
    required: true
  drained_port:
    description:
      - Port inside the container. Before the container is stopped, it is waited until nobody but itself is
        connected to it. Connections that are only kept alive don't count, where the host has C(ss).
      - The connections are read from C(/proc), so the module must run as root on the engine's own host.
    type: int
  drain_timeout:
    description:
      - Seconds until it is stopped in spite of connections that are left.
    type: float
    default: 30
  overlap:
    description:
      - Whether the new container is started and healthy before the former one is stopped. Works for those
        that share their port, such as on the host's network with C(SO_REUSEPORT).
    type: bool
    default: false
  warm_url:
    description:
      - Address that is asked for from the host, without a proxy, once the container is healthy. Unless it
        answers with a status below 500 within 10 s, the step has failed.
    type: str
  health_timeout:
    description:
      - Seconds that a container has to become healthy. Without a health check it is so when it has run for
        2 s.
    type: float
    default: 90
  stop_timeout:
    description:
      - Seconds that a container has to end. Without it, what the container was made with.
    type: int
seealso:
  - module: aisha.cluster.bot_rolling_restart
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Prepare the new container
  community.docker.docker_container:
    name: aisha-webhook-api-1-next
    image: "{{ api_image }}"
    state: present
    labels:
      aisha.cluster: aisha
      aisha.component: webhook-api

- name: Give it its place
  aisha.cluster.instance_replacement:
    name: aisha-webhook-api-1
    state: replaced
    drained_port: 8001
    warm_url: http://127.0.0.1:8001/healthz

- name: Take the update back
  aisha.cluster.instance_replacement:
    name: aisha-webhook-api-1
    state: returned

- name: Let go of what the update has replaced, on this host
  aisha.cluster.instance_replacement:
    state: settled
"""

RETURN = r"""
plan:
  description: What is to be done, in order. When all is as wanted, at most V(wait) and V(warm).
  returned: success, and when a step fails
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(start), it is started, and waited for until it is healthy; V(wait), it only is waited for.
        - V(drain), it is waited until nobody is connected; V(warm), O(warm_url) is asked for.
        - V(stop) and V(remove), as they say.
        - V(keep), it is renamed to C(NAME-previous); V(enter), it is renamed to NAME.
        - V(retire), it is renamed to C(NAME-by-hand-ID) and loses its restart policy.
      returned: always
      type: str
    container: {description: "Name of the container at that time.", returned: always, type: str}
  sample:
    - {action: stop, container: aisha-worker-1}
    - {action: keep, container: aisha-worker-1}
    - {action: enter, container: aisha-worker-1-next}
    - {action: start, container: aisha-worker-1}
steps:
  description: The seconds that it took. All are V(none) for what was not done, and in check mode.
  returned: success, and when a step fails
  type: dict
  contains:
    drain_s: {description: "Seconds until nobody was connected, or the limit.", returned: always, type: float}
    drained: {description: "Whether nobody was connected in the end.", returned: always, type: bool}
    connections_left: {description: "How many still were.", returned: always, type: int}
    stop_s: {description: "Seconds until the former container had ended.", returned: always, type: float}
    healthy_s: {description: "Seconds from start until healthy.", returned: always, type: float}
    warm_s: {description: "Seconds until O(warm_url) answered.", returned: always, type: float}
    seconds: {description: "Seconds of all steps.", returned: always, type: float}
  sample: {drain_s: 0.2, drained: true, connections_left: 0, stop_s: 0.4, healthy_s: 2.3, warm_s: 0.01,
           seconds: 3.0}
from_digest:
  description: Digest of the image that the place had; V(none) when it had none, or for O(state=settled).
  returned: success, and when a step fails
  type: str
  sample: sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
to_digest:
  description: Digest of the image that it gets, likewise.
  returned: success, and when a step fails
  type: str
  sample: sha256:9c1d4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
failure:
  description: What went wrong, for programs. RV(ignore:msg) says the same for people.
  returned: failure
  type: dict
  contains:
    reason:
      description:
        - V(step_failed), a container did not do what was expected of it.
        - V(refused_to_begin), it is better not to begin; nothing was touched.
        - Others as RV(aisha.cluster.bot_cluster_info#module:failure.reason).
      returned: always
      type: str
    container: {description: "Whom it is about.", returned: always, type: str}
    expected: {description: "What was expected.", returned: always, type: str}
    found: {description: "What was found.", returned: always, type: str}
    log: {description: "The container's last lines.", returned: when a step failed, type: str}
    outcome: {description: "What has become of the containers.", returned: when a step failed, type: str}
    restored:
      description: Whether what ran before is back and healthy; V(none) when there was none.
      returned: when a step failed
      type: bool
  sample: {reason: refused_to_begin, container: aisha-worker-9, expected: a container, found: none}
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._rollout.drain import url_fault
from ..module_utils._rollout.errors import Refusal, StepFailed, failed
from ..module_utils._rollout.instance_host import InstanceHost, Limits
from ..module_utils._rollout.instance_plan import Wishes
from ..module_utils._rollout.instance_run import Replacement


def host_of(params: dict[str, Any]) -> InstanceHost:
    """Return the host that the options describe; raises EngineError for those that can't be."""
    for option, least in (("drain_timeout", 0), ("stop_timeout", 0), ("drained_port", 1)):
        if params[option] is not None and params[option] < least:
            expected = f"{option} to be {least} or more"
            raise EngineError("bad_option", f"{params[option]:g}", expected=expected)
    if params["health_timeout"] <= 0:
        raise EngineError("bad_option", f"{params['health_timeout']:g}", expected="health_timeout above 0")
    fault = params["warm_url"] and url_fault(params["warm_url"])
    if fault:
        raise EngineError("bad_option", fault, expected="warm_url to be http://HOST:PORT/PATH, or https")
    address = str(params["docker_host"])
    return InstanceHost(
        connector(params)(),
        params["cluster_name"],
        Limits(params["health_timeout"], params["drain_timeout"], params["stop_timeout"]),
        port=params["drained_port"],
        warm_url=params["warm_url"],
        far=None if address.startswith(("unix:", "http+unix:", "/")) else address,
    )


def result_of(replacement: Replacement, *, check_mode: bool) -> dict[str, Any]:
    """Return what the module returns of a run, wherever it got to."""
    planned = replacement.planned
    return {
        "changed": planned.changes if check_mode else any(act.changes for act in replacement.done),
        "plan": [asdict(act) for act in planned.acts],
        "steps": replacement.times.as_dict(),
        "from_digest": planned.from_digest or None,
        "to_digest": planned.to_digest or None,
        "diff": replacement.difference(),
    }


def main() -> None:
    """Run the module."""
    states = ["replaced", "restarted", "returned", "set_aside", "settled"]
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "name": {"type": "str"},
            "cluster_name": {"type": "str", "default": "aisha"},
            "state": {"type": "str", "choices": states, "required": True},
            "drained_port": {"type": "int"},
            "drain_timeout": {"type": "float", "default": 30},
            "overlap": {"type": "bool", "default": False},
            "warm_url": {"type": "str"},
            "health_timeout": {"type": "float", "default": 90},
            "stop_timeout": {"type": "int"},
        },
        required_together=REQUIRED_TOGETHER,
        required_if=[("state", state, ("name",)) for state in states if state != "settled"],
        supports_check_mode=True,
    )
    params = module.params
    try:
        host = host_of(params)
    except EngineError as error:
        module.fail_json(**failed(error, None))
    wishes = Wishes(params["overlap"], params["drained_port"] is not None, bool(params["warm_url"]))
    replacement = Replacement(host, params["state"], wishes)
    try:
        (replacement.plan if module.check_mode else replacement.apply)(params["name"])
    except (Refusal, StepFailed, EngineError) as error:
        result = result_of(replacement, check_mode=False) if isinstance(error, StepFailed) else {}
        module.fail_json(**failed(error, host.mask), **result)
    if replacement.alone:
        names = ", ".join(replacement.alone)
        module.warn(f"Left as they are, since no container is in their place: {names}.")
    module.exit_json(**result_of(replacement, check_mode=module.check_mode))


if __name__ == "__main__":
    main()
