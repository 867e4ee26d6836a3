# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checklist's lines of one host: its instances, its traffic, its services, its logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...module_utils._core.findings import Check
from .inputs import LOOK_AT_LOGS, unanswered

if TYPE_CHECKING:
    from .inputs import Host, Result

_RELEASED = ("webhook-api", "bot-polling", "worker")


def instances(host: Host, images: frozenset[str]) -> list[Check]:
    """Whether all that the inventory wants runs, is well, and is of the release."""
    if not host.wanted:
        return []
    if host.instances is None or "instances" not in host.instances:
        return [unanswered("instances", "", host.instances)]
    problems = {each["name"]: each for each in host.instances.get("problems", ())}
    found = {each["name"]: each for each in host.instances["instances"]}
    checks = []
    for name in host.wanted:
        instance = found.get(name)
        if name in problems:
            problem = problems[name]
            lines = f". Its last lines: {problem['last_lines']}" if problem["last_lines"] else ""
            output = f"{problem['found']}{lines}"
            checks.append(Check("instance", name, "failed", problem["expected"], output, LOOK_AT_LOGS))
        elif instance is None:
            checks.append(Check("instance", name, "failed", "it to run and be healthy", "none", LOOK_AT_LOGS))
        elif instance["component"] in _RELEASED and images and instance["image"] not in images:
            advice = (
                "Run rolling_update.yml, or run rollback.yml: either brings all instances to one release."
            )
            checks.append(
                Check("instance", name, "failed", "an image of the release", instance["image"], advice)
            )
        else:
            restarts = f", started again {instance['restarts']} times" if instance["restarts"] else ""
            told = f"{instance['state']}, {instance['health'] or 'no health check'}{restarts}"
            checks.append(Check("instance", name, "passed", found=told))
    return checks


def traffic(host: Host) -> list[Check]:
    """Whether nginx leads traffic to the webhook API, which refuses what nobody has signed."""
    return [
        *([_page(host.page)] if host.page is not None else []),
        *([_unsigned(host.unsigned)] if host.unsigned is not None else []),
    ]


def _page(result: Result) -> Check:
    if result.get("status") == 200:
        return Check("nginx", "", "passed", found="leads HTTPS to the webhook API")
    return Check("nginx", "", "failed", "200 of the webhook API through HTTPS", _status(result), LOOK_AT_LOGS)


def _unsigned(result: Result) -> Check:
    status = result.get("status", -1)
    expected = "an unsigned one to be refused with 400, 401, 403 or 422"
    if status in (400, 401, 403, 422):
        return Check("webhook", "unsigned", "passed", found=f"refused with {status}")
    if 200 <= status < 300:
        advice = "Anybody can send results to users. Verify the signature, as fal.ai's documentation says."
        return Check("webhook", "unsigned", "warned", expected, _status(result), advice)
    advice = "Set verify_webhook_path to where the application takes webhooks; to nothing if it takes none."
    return Check("webhook", "unsigned", "failed", expected, _status(result), advice)


def _status(result: Result) -> str:
    status = result.get("status", -1)
    return str(status) if status > 0 else str(result.get("msg") or "no answer")


def services(host: Host) -> list[Check]:
    """Whether the external services answer; asked on one host only."""
    if host.services is None:
        return []
    if host.services:
        return [Check("services", "", "failed", "PostgreSQL, Redis and S3 to answer", host.services)]
    told = "PostgreSQL, Redis and S3 answer with the application's credentials"
    return [Check("services", "", "passed", found=told)]


def logs(host: Host) -> list[Check]:
    """Whether the instances' logs are free of errors."""
    if not host.wanted:
        return []
    if host.logs is None or "instances" not in host.logs:
        return [unanswered("logs", "", host.logs)]
    bad = [each for each in host.logs["instances"] if each["errors"]]
    if not bad:
        return [Check("logs", "", "passed", found="no errors")]
    return [
        Check(
            "logs",
            str(each["name"]),
            "failed",
            "no error",
            f"{each['errors']}, last: {each['last_error']}",
            LOOK_AT_LOGS,
        )
        for each in bad
    ]
