#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_readiness_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_readiness_info
short_description: Tell whether a host is ready for its share of a cluster
version_added: 0.1.0
description:
  - Asks all that can be known of a host before a deployment, at the same time. What isn't ready is a check
    that failed and says what was expected, what was found and what to do; it is no failure of the module.
  - It works on a bare host too. What can't be asked there yet, such as an engine that is going to be
    installed, is skipped, and the check says so.
  - Nothing is changed. Where the image C(service-check) of an earlier deployment is there, a container of it
    asks the external services and is removed; it writes one key to Redis and deletes it. Not in check mode.
  - Never calls C(getUpdates), which would disturb the poller that runs.
  - Only what an option names is asked for. Passwords and tokens are masked in all that the module returns.
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
      - Seconds until all have answered. Whoever hangs costs them once, however many there are.
      - The engine is asked before the others, and has as long.
    type: float
    default: 12
  daemon_config_file:
    description: The engine's configuration.
    type: path
    default: /etc/docker/daemon.json
  daemon_config:
    description: Settings of the engine that are going to be added to O(daemon_config_file).
    type: dict
    default: {}
  peers:
    description: Addresses of the cluster's other hosts, which none of the engine's networks may hide.
    type: list
    elements: str
    default: []
  poller_image:
    description: Image of the pollers whose own entry point the poll guard runs. Without it, none is checked.
    type: str
    default: ""
  bot:
    description: The bot whose token is checked.
    type: dict
    suboptions:
      token: {description: "The token that @BotFather gave.", type: str, required: true}
      api_url: {description: "Address of the Bot API.", type: str, default: "https://api.telegram.org"}
      expected_username:
        description: User name of the bot that it must belong to; empty takes any.
        type: str
        default: ""
      polls:
        description: Whether the cluster has pollers, so that no webhook may be set and updates are taken.
        type: bool
        default: true
  conflict_recent:
    description:
      - Seconds. When a poll of somebody else with the same token was seen within them, the check fails; an
        older one is a warning.
    type: int
    default: 300
  registry:
    description: The cluster's own registry.
    type: dict
    suboptions:
      url: {description: "Its address as engines of this host know it.", type: str, required: true}
      name: {description: "Its host and port, as images are named.", type: str, required: true}
      container: {description: "Name of its container, on the host that runs it.", type: str, default: ""}
      insecure:
        description: Registries that the engine is going to ask without TLS, beside those that it does.
        type: list
        elements: str
        default: []
  images:
    description: Images that this host pulls. Registries other than O(registry) are asked for an answer.
    type: list
    elements: str
    default: []
  mirrors:
    description: Addresses of mirrors of Docker Hub that the engine is going to use, beside those that it has.
    type: list
    elements: str
    default: []
  services:
    description:
      - The external services, as an application gets their addresses. One that is empty isn't asked, nor a
        database that isn't PostgreSQL. A socket, and a service whose URL names a client certificate, are
        skipped.
      - Without O(services.check_repository) or its image, PostgreSQL is greeted and S3 asked for any answer;
        only Redis can be asked with its password then.
    type: dict
    suboptions:
      database_url: {description: "PostgreSQL.", type: str, default: ""}
      redis_url: {description: "Redis, or its Sentinels.", type: str, default: ""}
      lease_redis_url: {description: "The Redis that holds the pollers' lease.", type: str, default: ""}
      s3_endpoint_url: {description: "S3.", type: str, default: ""}
      s3_access_key: {description: "Access key of S3.", type: str, default: ""}
      s3_secret_key: {description: "Secret key of S3.", type: str, default: ""}
      s3_bucket: {description: "Bucket of S3.", type: str, default: ""}
      s3_region: {description: "Region of S3.", type: str, default: ""}
      embedded:
        description: Services that the cluster runs itself.
        type: list
        elements: str
        choices: [postgresql, redis, object_storage]
        default: []
      check_repository:
        description: Name of the image C(service-check) without its tag.
        type: str
        default: ""
  instances:
    description: The instances that are placed on this host. Without it, memory isn't checked.
    type: list
    elements: dict
    suboptions:
      name: {description: "Name of the container.", type: str, required: true}
      memory: {description: "Its limit, such as V(512m).", type: str, default: "0"}
  memory_margin_mb:
    description: MiB that the host needs for itself, beside the limits of O(instances).
    type: int
    default: 256
  home:
    description: The cluster's folder. Without it, neither disks nor the folder are checked.
    type: path
  home_minimum_mb:
    description: MiB that must be free for O(home).
    type: int
    default: 512
  disk_minimum_mb:
    description:
      - MiB that must be free for images and volumes. Where the cluster runs, it is at least twice what the
        images of its application take.
    type: int
    default: 2048
  ports:
    description: Ports that containers of this host are to listen at.
    type: list
    elements: dict
    default: []
    suboptions:
      number: {description: "The port.", type: int, required: true}
      address: {description: "Where; empty is all addresses.", type: str, default: ""}
      owner: {description: "Name of the container.", type: str, required: true}
  clock_url:
    description: >-
      A server whose time the host's clock is compared with, by the header C(Date). Without it, it isn't.
    type: str
    default: ""
  proxies:
    description:
      - Proxies by the address that is reached through each, C(address to proxy), where it is the O(bot)'s
        C(api_url), O(clock_url) or one of O(outgoing_urls). Each is like
        O(aisha.cluster.telegram_bot_info#module:proxy).
      - Other addresses are reached as the environment's proxy variables say.
    type: dict
    default: {}
  clock_warn:
    description: Seconds off that are a warning.
    type: float
    default: 2
  clock_limit:
    description: Seconds off that are a failure.
    type: float
    default: 30
  outgoing_urls:
    description: Addresses that this host must reach. Any answer will do.
    type: list
    elements: str
    default: []
  certificate:
    description: The certificate that nginx is going to have.
    type: dict
    suboptions:
      name: {description: "What it is called in the check.", type: str, required: true}
      pem: {description: "The certificate.", type: str, required: true}
  served_certificate:
    description: The certificate that nginx shows, looked at where the cluster's nginx runs.
    type: dict
    suboptions:
      port: {description: "Its port.", type: int, required: true}
      server_name: {description: "Name that it is asked for.", type: str, default: ""}
      container: {description: "Name of its container.", type: str, required: true}
  certificate_warn_days:
    description: Days of validity below which a certificate is a warning.
    type: int
    default: 30
  certificate_minimum_days:
    description: Days of validity below which a certificate is a failure.
    type: int
    default: 14
seealso:
  - module: aisha.cluster.checks_report
  - module: aisha.cluster.telegram_bot_info
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Look whether this host has room, free ports and the right time
  aisha.cluster.host_readiness_info:
    home: /opt/aisha
    instances:
      - {name: aisha-webhook-api-1, memory: 512m}
    ports:
      - {number: 443, owner: aisha-nginx-prod}
    clock_url: https://api.telegram.org
  register: ready

- name: Stop where something isn't as it should be
  ansible.builtin.assert:
    that: ready.checks | selectattr('status', 'eq', 'failed') | length == 0
    fail_msg: "{{ ready.checks | selectattr('status', 'eq', 'failed') }}"
"""

RETURN = r"""
checks:
  description: What was asked, and how it is.
  returned: success
  type: list
  elements: dict
  contains:
    check: {description: "Kind of the check, such as V(port).", returned: always, type: str}
    subject: {description: "What was looked at.", returned: always, type: str}
    status: {description: "V(passed), V(warned), V(failed) or V(skipped).", returned: always, type: str}
    expected: {description: "What should be.", returned: always, type: str}
    found: {description: "What is; of what was skipped, why.", returned: always, type: str}
    advice: {description: "What to do; empty where nothing is to be done.", returned: always, type: str}
    reason:
      description: A fixed term for programs beside RV(checks[].status), V(expired) or empty.
      returned: always
      type: str
  sample:
    - {check: port, subject: 443 of all addresses, status: failed, expected: it free for aisha-nginx-prod,
       found: that process apache2 (812) listens there,
       advice: "Stop that, or give aisha-nginx-prod another port in the inventory."}
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from ..module_utils._core.docker import REQUIRED_TOGETHER, argument_spec, connector
from ..module_utils._core.findings import run_all
from ..module_utils._core.quiet_module import QuietModule
from ..module_utils._core.redaction import Redactor
from ..module_utils._preflight.engine_snapshot import look
from ..module_utils._preflight.options import OPTIONS, questions, secrets_of
from ..module_utils._preflight.probes import Host
from ..module_utils._preflight.rules import python_check

if TYPE_CHECKING:
    from ..module_utils._core.docker import Engine


def checks(params: dict[str, Any], check_mode: bool) -> list[dict[str, str]]:
    """Ask everything that the options name."""
    timeout = params["answer_timeout"]
    options = {**params, "timeout": max(1, min(params["timeout"], int(timeout)))}

    def connect() -> Engine:
        # Where the library isn't there, that is found out here.
        return connector(options)()

    seen, engine = look(connect, params["cluster_name"])
    host = Host(seen, connect, timeout)
    asked = run_all(questions(host, params, check_mode), timeout)
    access = python_check(sys.version_info[:2], os.geteuid())
    return [check.as_dict() for check in (access, engine, *asked)]


def main() -> None:
    """Run the module."""
    module = QuietModule(
        argument_spec={**argument_spec(), **OPTIONS},
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    if module.params["answer_timeout"] < 1:
        module.fail_json(
            msg=f"Option answer_timeout: expected 1 or more, found {module.params['answer_timeout']:g}."
        )
    try:
        found = checks(module.params, module.check_mode)
    except ValueError as error:
        module.fail_json(msg=f"Option instances: expected memory such as 512m, found: {error}")
    module.exit_json(changed=False, checks=Redactor.of(secrets_of(module.params))(found))


if __name__ == "__main__":
    main()
