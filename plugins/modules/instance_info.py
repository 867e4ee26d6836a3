#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module instance_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_info
short_description: Tell how the instances of a cluster are, and wait until they are well
version_added: 0.1.0
description:
  - Looks at the containers that one Docker engine runs for a cluster, as this collection's roles make them.
  - With O(healthy_within), waits until all of them are healthy; with O(steady_for), until each has run for so
    long without having been started again. It stops waiting as soon as one of them can't be well any more.
  - An instance that is not well is no failure of the module. RV(problems) says which, and why.
  - What an update keeps or prepares beside an instance, C(NAME-previous) and C(NAME-next), is none.
  - The secrets in the containers' environments are masked in their last lines.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
  - aisha.cluster.docker
options:
  cluster_name:
    description: Name of the cluster, as in the label C(aisha.cluster) of its containers.
    type: str
    default: aisha
  names:
    description: Names of the containers to look at. Without it, all that are of O(components).
    type: list
    elements: str
  components:
    description: Components whose instances are looked at, as in their label C(aisha.component).
    type: list
    elements: str
    default: [webhook-api, bot-polling, worker, nginx]
  resources:
    description:
      - Whether to tell what each running container uses of its host.
      - It takes up to two seconds, all containers together, since an engine may look at them once a second.
    type: bool
    default: false
  healthy_within:
    description: Seconds that instances have to become healthy.
    type: float
    default: 0
  steady_for:
    description:
      - Seconds that each instance must have run without a restart by the engine. Counted from its own start,
        so those that have run for longer aren't waited for.
    type: float
    default: 0
seealso:
  - module: aisha.cluster.bot_cluster_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look at the instances of this host
  aisha.cluster.instance_info:
  register: here

- name: Wait until all of them have run for half a minute, and are healthy
  aisha.cluster.instance_info:
    healthy_within: 60
    steady_for: 30
  register: here
  failed_when: here.problems | length > 0
"""

RETURN = r"""
instances:
  description: The instances, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Name of the container.", returned: always, type: str}
    component: {description: "What it is an instance of.", returned: always, type: str}
    image: {description: "Name of the image that the container was made with.", returned: always, type: str}
    state: {description: "The engine's word for it, such as V(running).", returned: always, type: str}
    health:
      description: V(healthy), V(unhealthy), V(starting), or V(stale) if it has stopped; V(none) without one.
      returned: always
      type: str
    exit_code: {description: "How it ended; V(none) when it hasn't.", returned: always, type: int}
    restarts:
      description: How often the engine has started it again since it was last started on purpose.
      returned: always
      type: int
    age_s:
      description: Seconds since it was started; V(none) when it doesn't run.
      returned: always
      type: float
    memory_limit_bytes:
      description: Memory that it may use; V(none) without a limit.
      returned: always
      type: int
    problem: {description: "Why it isn't well; V(none) when it is.", returned: always, type: str}
    memory_bytes:
      description:
        - Memory that it uses, without what the kernel keeps of files for it.
        - V(none) where it isn't known, as of one that doesn't run.
      returned: O(resources=true)
      type: int
    cpu_pct:
      description: Processor time that it uses, where V(100) is all of one processor's. V(none) as before.
      returned: O(resources=true)
      type: float
  sample:
    - {name: aisha-worker-1, component: worker, image: "localhost:5000/aisha-bot@sha256:1f…", state: running,
       health: healthy, exit_code: null, restarts: 0, age_s: 71.2, memory_limit_bytes: 536870912,
       problem: null}
problems:
  description: What is not as it was waited for.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Name of the container.", returned: always, type: str}
    component:
      description: What it is an instance of; V(none) when it isn't there.
      returned: always
      type: str
    running:
      description: Whether it runs, and wasn't started again by the engine, so that time may mend it.
      returned: always
      type: bool
    expected: {description: What was expected., returned: always, type: str}
    found: {description: What was found., returned: always, type: str}
    last_lines: {description: The end of its log in one line; may be empty., returned: always, type: str}
    message: {description: "All of these as text for people.", returned: always, type: str}
  sample:
    - {name: aisha-worker-1, component: worker, running: false,
       expected: it to run for 30 s without a restart,
       found: that it ended and was started again once, last_lines: "ImportError: no module named x",
       message: "aisha-worker-1: expected it to run for 30 s without a restart, found that it ended and was
         started again once. Its last lines: ImportError: no module named x"}
waited_s: {description: "Seconds that were waited.", returned: success, type: float, sample: 4.5}
"""

import time
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._core.redaction import Redactor
from ..module_utils._instances.labels import INSTANCE_COMPONENTS, instance_names
from ..module_utils._instances.state import Instance, Verdict, Wanted, instance_of, judge
from ..module_utils._instances.stats import Use, uses_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..module_utils._core.docker import Engine

PAUSE = 0.5
LAST_LINES = 15


def names_of(engine: Engine, params: dict[str, Any]) -> list[str]:
    """Return the names of the containers that are asked for."""
    if params["names"] is not None:
        return list(params["names"])
    return instance_names(engine, params["cluster_name"], params["components"])


def described(
    instances: list[Instance], connect: Callable[[], Engine], params: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return instances as the module does, with what they use where that is asked for."""
    if not params["resources"]:
        return [instance.as_dict() for instance in instances]
    running = [instance.name for instance in instances if instance.state == "running"]
    uses = uses_of(connect, running, params["timeout"])
    return [instance.as_dict() | uses.get(instance.name, Use()).as_dict() for instance in instances]


def look(engine: Engine, params: dict[str, Any]) -> tuple[list[Instance], Verdict, Redactor, float]:
    """Look until all is as wanted, or can't be any more."""
    wanted = Wanted(params["healthy_within"], params["steady_for"])
    began = time.monotonic()
    names = names_of(engine, params)
    while True:
        found = {name: engine.inspect(name) for name in names}
        there = [container for container in found.values() if container is not None]
        instances = [instance_of(container) for container in there]
        waited = time.monotonic() - began
        missing = [name for name, container in found.items() if container is None]
        verdict = judge(instances, missing, wanted, waited)
        if not verdict.waits:
            lines = [line for container in there for line in container["Config"].get("Env") or ()]
            return instances, verdict, Redactor.of(lines), waited
        time.sleep(PAUSE)


def told(
    engine: Engine, problem: tuple[str, str, str], instances: list[Instance], mask: Redactor
) -> dict[str, Any]:
    """Return one element of RV(problems)."""
    name, expected, found = problem
    instance = next((each for each in instances if each.name == name), None)
    try:
        # Masked while it is whole: what a secret is cut into isn't known any more.
        log = str(mask(engine.log(name, since=1, lines=LAST_LINES)))
    except EngineError:
        log = ""
    last_lines = " / ".join(line.strip() for line in log.splitlines() if line.strip())[-2000:]
    message = f"{name}: expected {expected}, found {found}."
    return {
        "name": name,
        "component": instance.component if instance else None,
        "running": instance is not None and instance.state == "running" and not instance.restarts,
        "expected": expected,
        "found": found,
        "last_lines": last_lines,
        "message": f"{message} Its last lines: {last_lines}" if last_lines else message,
    }


def main() -> None:
    """Look at the instances that the options name."""
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "names": {"type": "list", "elements": "str"},
            "components": {"type": "list", "elements": "str", "default": INSTANCE_COMPONENTS},
            "resources": {"type": "bool", "default": False},
            "healthy_within": {"type": "float", "default": 0},
            "steady_for": {"type": "float", "default": 0},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    try:
        connect = connector(module.params)
        engine = connect()
        instances, verdict, mask, waited = look(engine, module.params)
        problems = [told(engine, problem, instances, mask) for problem in verdict.problems]
        told_instances = described(instances, connect, module.params)
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure())
    module.exit_json(
        changed=False,
        instances=told_instances,
        problems=problems,
        waited_s=round(waited, 1),
    )


if __name__ == "__main__":
    main()
