#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module endpoint_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Ask HTTP services of a cluster whether they answer
version_added: 0.1.0
description:
  - Sends one C(GET) to each service, all at the same time, without any proxy.
  - One that doesn't answer is no failure of the module. RV(endpoints[].problem) says what was found.
  - Certificates need not be valid. RV(endpoints[].certificate_days_left) tells until when one is.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
options:
  endpoints:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Whose it is, such as the name of a container.
        type: str
        required: true
      url:
        description: What is asked for, with C(http) or C(https). Without user and password.
        type: str
        required: true
  answer_timeout:
    description: Seconds that the services have to answer, all of them together.
    type: float
    default: 5
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Ask both replicas, and nginx
  aisha.cluster.endpoint_info:
    endpoints:
      - {name: aisha-webhook-api-1, url: "http://127.0.0.1:8001/health"}
      - {name: aisha-webhook-api-2, url: "http://127.0.0.1:8002/health"}
      - {name: aisha-nginx-prod, url: "https://127.0.0.1/nginx-health"}
  register: asked

- name: Stop unless all of them answered
  ansible.builtin.assert:
    that: asked.endpoints | map(attribute='problem') | select | length == 0
    fail_msg: "{{ asked.endpoints | selectattr('problem') }}"
"""

RETURN = r"""
endpoints:
  description: The services, in the order in which they were given.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: "Whose it is.", returned: always, type: str}
    url: {description: "What was asked for.", returned: always, type: str}
    status: {description: "Status of the answer; V(none) when there was none.", returned: always, type: int}
    elapsed_s: {description: "Seconds until the answer.", returned: always, type: float}
    problem:
      description: Why it can't be used; V(none) for an answer with a status below 500.
      returned: always
      type: str
    certificate_days_left:
      description: Days until the certificate ends, negative when it has; V(none) without one.
      returned: always
      type: float
  sample:
    - {name: aisha-nginx-prod, url: "https://127.0.0.1/nginx-health", status: 200, elapsed_s: 0.012,
       problem: null, certificate_days_left: 83.4}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.http_probe import Endpoint, ask_all


def main() -> None:
    """Ask the services."""
    module = AnsibleModule(
        argument_spec={
            "endpoints": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "url": {"type": "str", "required": True},
                },
            },
            "answer_timeout": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    timeout = module.params["answer_timeout"]
    if timeout <= 0:
        module.fail_json(msg=f"Option answer_timeout: expected more than 0, found {timeout:g}.")
    endpoints = [Endpoint(each["name"], each["url"]) for each in module.params["endpoints"]]
    answers = ask_all(endpoints, timeout)
    module.exit_json(changed=False, endpoints=[answer.as_dict() for answer in answers])


if __name__ == "__main__":
    main()
