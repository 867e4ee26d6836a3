#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module instance_log_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_log_info
short_description: Read the logs of a cluster's instances, and count the errors in them
version_added: 0.1.0
description:
  - Reads the logs of the containers that one Docker engine has for a cluster, as this collection's roles
    make them. Those that have ended are read too.
  - With O(after) and O(wait) it returns as soon as there is something new, to follow logs by being run again.
  - Bot tokens, and the secrets in the environments of all these containers, are masked in all that it
    returns.
  - A log that can't be read, as with a log driver that keeps none here, is no failure of the module.
    RV(instances[].problem) says why.
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
    description: Names of the containers to read the logs of. Without it, all that are of O(components).
    type: list
    elements: str
  components:
    description: Components whose instances are read, as in their label C(aisha.component).
    type: list
    elements: str
    default: [webhook-api, bot-polling, worker, nginx]
  period:
    description: Seconds of each log that are read, back from now.
    type: int
    default: 3600
  lines:
    description: >-
      How many of a container's last lines are read at most. RV(instances[].cut) says where there were more.
    type: int
    default: 5000
  matching:
    description: A regular expression, of Python. Lines in which it isn't found are as if they weren't there.
    type: str
    default: ""
  content:
    description: Whether the lines themselves are returned.
    type: bool
    default: false
  patterns:
    description: Regular expressions, of Python, of lines that tell of an error.
    type: list
    elements: str
    default:
      - '(?i)"(level|levelname|severity)":\s*"(error|critical|fatal|panic|alert|emergency)"'
      - '(?i)\blevel=(error|critical|fatal|panic)\b'
      - '^(?!.*"(level|levelname|severity)":).*\b(ERROR|CRITICAL|FATAL|PANIC)\b'
      - '\[(error|crit|alert|emerg)\]'
      - '^Traceback \(most recent call last\)'
      - '^([A-Za-z_]\w*\.)*[A-Za-z_]\w*(Error|Exception)\b'
      - '^(panic|fatal error): '
      - '\bUn(handled|caught)[A-Za-z]*(Error|Exception|Rejection)\b'
  ignored_patterns:
    description:
      - Regular expressions, of Python, of lines that are no errors whatever O(patterns) says.
      - By default what nginx calls an error and is a client's doing.
    type: list
    elements: str
    default: ["access forbidden by rule", "limiting requests, excess"]
  after:
    description:
      - Up to where each log has been read, container's name by RV(instances[].position) of an earlier answer.
      - Of these containers only what came later is read, within O(period).
    type: dict
    default: {}
  wait:
    description: Seconds to wait until there is a line to tell of.
    type: float
    default: 0
seealso:
  - module: aisha.cluster.instance_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Count the errors of the last quarter of an hour
  aisha.cluster.instance_log_info:
    period: 900
    ignored_patterns: ["upstream timed out"]
  register: logs

- name: Stop when there are any
  ansible.builtin.assert:
    that: logs.instances | map(attribute='errors') | sum == 0
    fail_msg: "{{ logs.instances | selectattr('errors') | map(attribute='last_error') | join(' ') }}"

- name: Read the last lines of the workers
  aisha.cluster.instance_log_info:
    components: [worker]
    lines: 20
    content: true
"""

RETURN = r"""
instances:
  description: The instances, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Name of the container.", returned: always, type: str}
    component:
      description: What it is an instance of; V(none) when there is no such container.
      returned: always
      type: str
    lines: {description: "How many lines were read.", returned: always, type: int}
    errors: {description: "How many of them tell of an error.", returned: always, type: int}
    last_error:
      description: The last of these, at most 500 characters of it; V(none) without any.
      returned: always
      type: str
    last_error_age_s: {description: "Seconds since then, by the host's clock.", returned: always, type: float}
    cut:
      description: Whether O(lines) was reached, so that there may have been more.
      returned: always
      type: bool
    position: {description: "Up to where the log was read; for O(after).", returned: always, type: str}
    problem: {description: "Why the log can't be read; V(none) when it can.", returned: always, type: str}
    content:
      description: The lines, each with the engine's time in UTC and a space in front of it.
      returned: O(content=true)
      type: str
  sample:
    - {name: aisha-worker-1, component: worker, lines: 212, errors: 1,
       last_error: "ERROR: the queue at redis://:***@redis:6379 is gone", last_error_age_s: 71.2, cut: false,
       position: "2026-03-01T12:00:00.000000000Z/1", problem: null}
"""

import time
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, EngineError, argument_spec, connector
from ..module_utils._instances.labels import INSTANCE_COMPONENTS
from ..module_utils._instances.log_lines import (
    ERROR_PATTERNS,
    IGNORED_PATTERNS,
    InvalidValueError,
    Judge,
    Position,
    pattern_of,
)
from ..module_utils._instances.log_reader import LogReader

if TYPE_CHECKING:
    from ..module_utils._core.docker import Engine

PAUSE = 0.3


def reader_of(engine: Engine, params: dict[str, Any]) -> tuple[LogReader, dict[str, Position]]:
    """Return what reads as the options say, and from where; raise EngineError for a bad one."""
    for name, least in (("period", 1), ("lines", 1), ("wait", 0)):
        if params[name] < least:
            raise EngineError("bad_option", f"{params[name]:g}", expected=f"{name} to be {least} or more")
    try:
        after = {name: Position.read(str(text)) for name, text in params["after"].items()}
        reader = LogReader(
            engine=engine,
            cluster=params["cluster_name"],
            components=params["components"],
            names=params["names"],
            lines=params["lines"],
            matching=pattern_of(params["matching"]),
            judge=Judge.of(params["patterns"], params["ignored_patterns"]),
            content=params["content"],
        )
    except InvalidValueError as error:
        raise EngineError("bad_option", error.found, expected=error.expected) from None
    return reader, after


def read(engine: Engine, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Read, and again until there is a line or the time is over."""
    reader, after = reader_of(engine, params)
    since = int(time.time()) - params["period"]
    deadline = time.monotonic() + params["wait"]
    while True:
        logs = reader.read(since, after)
        if any(log.lines for log in logs) or time.monotonic() >= deadline:
            return [log.as_dict() for log in logs]
        after |= {log.name: Position.read(log.position) for log in logs}
        time.sleep(PAUSE)


def main() -> None:
    """Read the logs that the options name."""
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "cluster_name": {"type": "str", "default": "aisha"},
            "names": {"type": "list", "elements": "str"},
            "components": {"type": "list", "elements": "str", "default": INSTANCE_COMPONENTS},
            "period": {"type": "int", "default": 3600},
            "lines": {"type": "int", "default": 5000},
            "matching": {"type": "str", "default": ""},
            "content": {"type": "bool", "default": False},
            "patterns": {"type": "list", "elements": "str", "default": list(ERROR_PATTERNS)},
            "ignored_patterns": {"type": "list", "elements": "str", "default": list(IGNORED_PATTERNS)},
            "after": {"type": "dict", "default": {}},
            "wait": {"type": "float", "default": 0},
        },
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    try:
        instances = read(connector(module.params)(), module.params)
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure())
    module.exit_json(changed=False, instances=instances)


if __name__ == "__main__":
    main()
