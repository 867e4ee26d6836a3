# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checklist's lines of the whole cluster: its release, its pollers, its bot, its alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...module_utils._core.findings import Check
from .inputs import LOOK_AT_LOGS, unanswered

# Fewer may come and go between two looks at a bot that is well.
BACKLOG = 10

if TYPE_CHECKING:
    from typing import Any

    from .inputs import Cluster, Result


def images(result: Result) -> frozenset[str]:
    """Return the references of the current release's images."""
    return frozenset(((result.get("current") or {}).get("images") or {}).values())


def release(seen: Cluster) -> list[Check]:
    """Whether there is a release, and the registry has its images."""
    if "current" not in seen.release:
        return [unanswered("release", "", seen.release)]
    current = seen.release["current"]
    if not current:
        return [Check("release", "", "failed", "a recorded one", "none", "Run site.yml.")]
    told = f"{current['number']} ({current['name']}), by {current['by']}, {current['at'][:16]}"
    recorded = Check("release", "", "passed", found=told)
    if "digests" not in seen.registry:
        return [recorded, unanswered("registry", "", seen.registry)]
    missing = sorted(set(seen.asked) - set(seen.registry["digests"]))
    if missing:
        advice = "A host that needs them couldn't pull them. Run site.yml, which brings what is missing."
        found = f"no {', '.join(missing)}"
        return [recorded, Check("registry", "", "failed", "the release's images", found, advice)]
    return [
        recorded,
        Check("registry", "", "passed", found=f"has all {len(seen.asked)} images of the release"),
    ]


def pollers(seen: Cluster) -> list[Check]:
    """Whether one poller polls, another is ready, and nobody else uses the token."""
    if seen.pollers == 0:
        return [Check("pollers", "", "skipped", found="the inventory wants none")]
    answers = [host.pollers for host in seen.hosts.values() if host is not None and host.pollers is not None]
    heard = [poller for answer in answers for poller in answer.get("pollers", ())]
    deaf = [unanswered("pollers", "", answer) for answer in answers if "pollers" not in answer]
    if deaf and not heard:
        return deaf
    return [
        *deaf,
        _active(heard),
        *([_standby(heard)] if seen.pollers > 1 else []),
        _conflicts(heard),
    ]


def _active(heard: list[dict[str, Any]]) -> Check:
    active = [poller for poller in heard if poller["role"] == "active"]
    names = ", ".join(poller["name"] for poller in active) or "none"
    if len(active) == 1 and active[0]["good"]:
        age = active[0]["poll_age_s"]
        return Check("pollers", "active", "passed", found=f"{names}, polled {age or 0:.0f} s ago")
    why = "; ".join(str(poller["problem"]) for poller in active if poller["problem"])
    found = f"{names} ({why})" if why else names
    advice = f"Messages wait at Telegram until one polls. {LOOK_AT_LOGS}"
    return Check("pollers", "active", "failed", "exactly one, which polls", found, advice)


def _standby(heard: list[dict[str, Any]]) -> Check:
    ready = [poller["name"] for poller in heard if poller["role"] == "standby" and poller["good"]]
    if ready:
        return Check("pollers", "standby", "passed", found=f"{', '.join(ready)} ready to take over")
    found = "; ".join(f"{poller['name']}: {poller['problem']}" for poller in heard if not poller["good"])
    return Check(
        "pollers", "standby", "failed", "one that is ready to take over", found or "none", LOOK_AT_LOGS
    )


def _conflicts(heard: list[dict[str, Any]]) -> Check:
    told = [f"{poller['name']}: {count}" for poller in heard if (count := poller["conflicts"]["log"])]
    if not told:
        return Check("pollers", "conflicts", "passed", found="nobody else polls with this token")
    advice = "Somebody else polls with this token: stop that bot, or have @BotFather issue a new token."
    return Check("pollers", "conflicts", "failed", "no 409 in the logs", ", ".join(told), advice)


def bot(seen: Cluster) -> list[Check]:
    """Whether Telegram knows the bot, and its backlog doesn't grow."""
    deaf = [result for result in seen.bot if "webhook" not in result]
    if deaf or not seen.bot:
        return [unanswered("bot", "token", deaf[0] if deaf else None)]
    checks = [Check("bot", "token", "passed", found=f"@{seen.bot[0]['bot'].get('username')}")]
    if not seen.pollers:
        return checks
    if url := seen.bot[-1]["webhook"]["url"]:
        advice = "While it is set every poll is refused. Take it off with the Bot API's deleteWebhook."
        checks.append(Check("bot", "webhook", "failed", "none, since the bot polls", str(url), advice))
    before, after = (int(seen.bot[n]["webhook"]["pending_update_count"]) for n in (0, -1))
    if after > before and after >= BACKLOG:
        found = f"{before}, and then {after}"
        advice = f"Users write faster than the bot takes it, or nobody polls. {LOOK_AT_LOGS}"
        checks.append(Check("bot", "backlog", "failed", "no more updates waiting than before", found, advice))
    else:
        checks.append(Check("bot", "backlog", "passed", found=f"{after} waiting at Telegram"))
    return checks


def answers(seen: Cluster) -> list[Check]:
    """Whether the bot answers, and a signed webhook is taken, as far as it can be known."""
    unpolled = Check("bot", "answer", "skipped", found="the inventory wants no poller")
    unserved = Check(
        "webhook", "signed", "skipped", found="the inventory wants no replica of the webhook API"
    )
    return [
        _answer(seen.answer) if seen.pollers else unpolled,
        _webhook(seen.webhook) if seen.replicas else unserved,
    ]


def _answer(result: Result | None) -> Check:
    if result is None:
        said = "only a user of the real Telegram can ask; that it polls is what is known without one"
        return Check("bot", "answer", "skipped", found=said)
    if heard := (result.get("json") or {}).get("answers"):
        return Check(
            "bot", "answer", "passed", found=str(heard[0].get("text") or heard[0].get("method"))[:60]
        )
    found = "none" if result.get("status") == 200 else str(result.get("msg") or "none")
    return Check("bot", "answer", "failed", "an answer to a message", found, LOOK_AT_LOGS)


def _webhook(result: Result | None) -> Check:
    if result is None:
        said = "only fal.ai can sign one; that an unsigned one is refused is what is known without it"
        return Check("webhook", "signed", "skipped", found=said)
    delivered = result.get("json") or {}
    status = delivered.get("status_code")
    if status is not None and 200 <= status < 300:
        return Check("webhook", "signed", "passed", found=f"accepted with {status}")
    found = str(delivered.get("error") or result.get("msg") or "no answer")
    if status is not None:
        found = f"{status} {delivered.get('body', '')}".strip()
    return Check("webhook", "signed", "failed", "2xx", found, LOOK_AT_LOGS)


def alerts(seen: Cluster) -> list[Check]:
    """Whether Prometheus tells of any alert."""
    if seen.alerts is None:
        return [Check("metrics", "", "skipped", found="the cluster has no monitoring of its own")]
    if "json" not in seen.alerts:
        return [unanswered("metrics", "", seen.alerts)]
    firing = [each for each in seen.alerts["json"]["data"]["alerts"] if each["state"] == "firing"]
    return [_alert(each) for each in firing] or [Check("metrics", "", "passed", found="no alert fires")]


def _alert(alert: dict[str, Any]) -> Check:
    name = str(alert["labels"]["alertname"])
    found = str(alert.get("annotations", {}).get("summary") or "that it fires")
    runbook = alert.get("annotations", {}).get("runbook_url")
    advice = f"Follow its runbook: {runbook}" if runbook else LOOK_AT_LOGS
    return Check("metrics", name, "failed", "no alert", found, advice)
