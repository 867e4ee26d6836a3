# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checklist after a deployment is ticked by: the results that verify.yml registered.

They are those of instance_info, bot_cluster_info, instance_log_info, release_info, image_digest_info,
telegram_bot_info and ansible.builtin.uri. A result without what was asked for is that of a task that failed,
and its message is what was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._core.findings import Check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Result = Mapping[str, Any]

LOOK_AT_LOGS = "To read its log, run logs.yml; to collect everything, run diagnose.yml."


@dataclass(frozen=True)
class Host:
    """What was seen of one host; of what it doesn't run, nothing.

    Args:
        wanted: names of the instances that the inventory has placed here.
        page: answer of nginx to the health check's path.
        unsigned: its answer to a webhook that nobody has signed.
        services: message of the external services' check; empty when it passed.
    """

    wanted: Sequence[str] = ()
    instances: Result | None = None
    pollers: Result | None = None
    logs: Result | None = None
    page: Result | None = None
    unsigned: Result | None = None
    services: str | None = None


@dataclass(frozen=True)
class Cluster:
    """What was seen of the cluster as a whole.

    Args:
        hosts: by inventory name; None for one that couldn't be reached.
        keeper: the host that keeps releases and the registry.
        pollers: how many the inventory wants.
        replicas: of the webhook API, likewise.
        asked: the release's images that the registry was asked for.
        bot: what Telegram said of the bot, at the beginning and at the end.
        answer: what a stand-in for Telegram says of the bot's answer to a message.
        webhook: what a stand-in for fal.ai was answered to a signed result.
        alerts: what Prometheus says; None where there is none.
    """

    hosts: Mapping[str, Host | None]
    keeper: str
    pollers: int
    replicas: int
    release: Result = field(default_factory=dict)
    asked: Sequence[str] = ()
    registry: Result = field(default_factory=dict)
    bot: Sequence[Result] = ()
    answer: Result | None = None
    webhook: Result | None = None
    alerts: Result | None = None


def unanswered(check: str, subject: str, result: Result | None) -> Check:
    """Return the check of a question that got no answer."""
    said = str((result or {}).get("msg") or "no answer")
    return Check(check, subject, "failed", "an answer", said, "Run preflight.yml for the causes.")
