# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What isn't as it should be in a cluster, in words.

Private to this collection. No I/O here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...module_utils._instances.health import STALE
from .format import duration, size
from .host_rules import host_problems
from .model import NGINX, PARTS, POLLER, REPLICA, WORKER, Limits, Look, Problem, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Texts say "run NAME.yml"; whoever shows them expands that to how this run was launched.
_SITE = "To bring it to what the inventory says, run site.yml."
_LOGS = "To read why in its log, run logs.yml -e logs_component={component}."
_STRANGER = "Find out who else polls with this token, or take a new one from @BotFather and run restart.yml."
_SERVING = {NGINX: "an nginx that answers", REPLICA: "a webhook API replica that is well"}
_NO_WEBHOOK = "No webhook gets through."
_DIAGNOSE = "To collect what may explain it, run diagnose.yml."
# How the way of a webhook through an nginx is called in the services that were asked.
THROUGH = "webhook API through "
# Fewer may be waiting at any moment.
_NOTICEABLE_BACKLOG = 10


def problems_of(
    cluster: str, looks: Sequence[Look], rows: Sequence[Row], limits: Limits, backlog_before: int | None
) -> Iterator[Problem]:
    """Tell all that isn't as it should be, in any order.

    Args:
        cluster: its name.
        looks: what its hosts said.
        rows: its containers.
        limits: what is still as it should be.
        backlog_before: updates that waited at Telegram when it was last looked at.
    """
    for look in looks:
        yield from _unseen(look)
    for look in looks:
        mine = [row for row in rows if row.host == look.host]
        yield from _containers(look, mine, limits)
        yield from _services(look, mine, limits)
        yield from _guards(look, mine)
        yield from host_problems(look, limits)
    if all(look.unreachable is not None for look in looks):
        advice = "See whether this machine reaches anything, and what its SSH agent has."
        yield Problem("down", "", cluster, "a host that is reached", f"none of {len(looks)}", advice)
        return
    yield from _serving(cluster, looks, rows)
    yield from _polling(cluster, looks, rows, limits)
    yield from _telegram(looks, limits, backlog_before)


def _unseen(look: Look) -> Iterator[Problem]:
    if look.unreachable is not None:
        advice = "See whether the host is up and lets this one in. What the others say is shown."
        yield Problem("degraded", look.host, look.host, "an answer over SSH", look.unreachable, advice)
    for part, message in look.failures.items():
        if part != "telegram":
            what = f"to look at its {PARTS[part]}"
            yield Problem("degraded", look.host, look.host, what, f"that it failed: {message.rstrip('.')}")


def _containers(look: Look, rows: Sequence[Row], limits: Limits) -> Iterator[Problem]:
    wanted = {each.name for each in look.wanted}
    reasons = {each["name"]: each["problem"] for each in look.items("instances")}
    for row in rows:
        if row.state == "missing":
            yield Problem("degraded", row.host, row.name, "it to run", "no such container", _SITE)
        elif row.health == STALE:
            yield Problem("degraded", row.host, row.name, "a health check that runs", reasons[row.name])
        elif not row.well and row.state != "unknown":
            advice = (
                _LOGS.format(component=row.component)
                if row.component in (NGINX, REPLICA, POLLER, WORKER)
                else _SITE
            )
            yield Problem("degraded", row.host, row.name, "it well", reasons[row.name], advice)
        elif row.restarts and row.up_s is not None and row.up_s < limits.restart_age_s:
            expected = f"no restart by the engine in the last {duration(limits.restart_age_s)}"
            found = f"one {duration(row.up_s)} ago, the {row.restarts}. since it was deployed"
            advice = _LOGS.format(component=row.component)
            yield Problem("degraded", row.host, row.name, expected, found, advice)
        if row.component in (NGINX, REPLICA, POLLER, WORKER) and row.name not in wanted:
            found = "one that the inventory doesn't put on this host"
            yield Problem("degraded", row.host, row.name, "no such container", found, _SITE)
        yield from _memory(row, limits)
        yield from _errors(row, limits)


def _memory(row: Row, limits: Limits) -> Iterator[Problem]:
    used, limit = row.memory_bytes, row.memory_limit_bytes
    if used is not None and limit and used > limit * limits.memory_limit_pct / 100:
        expected = f"at most {limits.memory_limit_pct:g} % of its {size(limit)} of memory to be used"
        advice = "At the limit it is killed. Give it more in the inventory, or look for what it keeps."
        yield Problem("degraded", row.host, row.name, expected, f"{size(used)}", advice)


def _errors(row: Row, limits: Limits) -> Iterator[Problem]:
    if row.errors:
        severity = "degraded" if limits.errors and row.errors >= limits.errors else "note"
        lines = "line tells" if row.errors == 1 else "lines tell"
        found = f"that {row.errors} {lines} of one; the last: {row.last_error}"
        yield Problem(severity, row.host, row.name, "no errors in its log", found)


def _services(look: Look, rows: Sequence[Row], limits: Limits) -> Iterator[Problem]:
    # Of one whose container isn't well that is said already.
    unwell = {row.name for row in rows if not row.well}
    for each in look.items("endpoints"):
        if each["problem"] and each["name"].removeprefix(THROUGH) not in unwell:
            expected = f"an answer from {each['url']}"
            yield Problem("degraded", look.host, each["name"], expected, each["problem"], _DIAGNOSE)
        days = each["certificate_days_left"]
        if days is not None and days < limits.certificate_days:
            expected = f"a certificate for {limits.certificate_days:g} days more"
            found = f"one that ends in {days:g} days" if days >= 0 else f"one that ended {-days:g} days ago"
            advice = "Renew the files of nginx_tls_certificate and nginx_tls_key, and run site.yml."
            yield Problem("degraded", look.host, each["name"], expected, found, advice)


def _guards(look: Look, rows: Sequence[Row]) -> Iterator[Problem]:
    running = {row.name for row in rows if row.well}
    for each in look.items("pollers"):
        if not each["good"] and each["name"] in running:
            ready = "its guard to find that it polls, or is ready to"
            found = (each["problem"] or "that it doesn't say so").rstrip(".")
            advice = _LOGS.format(component=POLLER)
            yield Problem("degraded", look.host, each["name"], ready, found, advice)
        conflicts = each["conflicts"]
        if conflicts["guard"] and (conflicts["age_s"] or 0) < 3600:
            age = "" if conflicts["age_s"] is None else f", the last {duration(conflicts['age_s'])} ago"
            found = f"{conflicts['guard']} answers 409{age}: a stranger polls, or there is a webhook"
            yield Problem("degraded", look.host, each["name"], "nobody else to poll", found, _STRANGER)


def _serving(cluster: str, looks: Sequence[Look], rows: Sequence[Row]) -> Iterator[Problem]:
    """Whether webhooks get through: by one nginx, and one replica, at least."""
    silent = {
        (look.host, each["name"]) for look in looks for each in look.items("endpoints") if each["problem"]
    }
    serves = True
    for component, what in _SERVING.items():
        wanted = [each for look in looks for each in look.wanted if each.component == component]
        mine = [row for row in rows if row.component == component]
        good = [row for row in mine if row.well and (row.host, row.name) not in silent]
        if wanted and not good:
            serves = False
            found = f"none of {len(mine)}" if len(mine) > 1 else "none"
            yield Problem("down", "", cluster, what, found, _NO_WEBHOOK)
    ways = [each for look in looks for each in look.items("endpoints") if each["name"].startswith(THROUGH)]
    if serves and ways and all(each["problem"] for each in ways):
        what = "an answer of a replica through nginx"
        yield Problem("down", "", cluster, what, ways[0]["problem"], _NO_WEBHOOK)


def _polling(cluster: str, looks: Sequence[Look], rows: Sequence[Row], limits: Limits) -> Iterator[Problem]:
    """Whether one poller polls, and another is ready to."""
    homes = [look for look in looks if any(each.component == POLLER for each in look.wanted)]
    wanted = [each for look in homes for each in look.wanted if each.component == POLLER]
    pollers = [each for look in looks for each in look.items("pollers")]
    asked = any("pollers" in (*look.results, *look.failures) for look in homes)
    if not asked and any(look.unreachable is None for look in homes):
        return
    active = [each for each in pollers if each["role"] == "active"]
    # One on a host that isn't reached from here may well poll: then the others know it as the lease's holder.
    unseen = {row.name.removeprefix(f"{cluster}-") for row in rows if row.state == "unknown"}
    elsewhere = sorted({each["lease"]["holder"] for each in pollers} & unseen)
    silent = "The bot answers nobody."
    if len(active) > 1:
        names = ", ".join(each["name"] for each in active)
        advice = "A hand-over takes a moment: look again. Only the holder of the lease is given updates."
        yield Problem("degraded", "", cluster, "one active poller", names, advice)
    elif wanted and not active and not elsewhere:
        found = "none" if pollers else "none that can be asked"
        yield Problem("down", "", cluster, "an active poller", found, silent)
    for each in active:
        age = each["poll_age_s"]
        if age is not None and age > limits.poll_age_s:
            expected = f"a good poll within the last {duration(limits.poll_age_s)}"
            yield Problem("down", "", each["name"], expected, f"one {duration(age)} ago", silent)
    ready = [each for each in pollers if each["role"] == "standby" and each["good"]]
    if len(wanted) > 1 and not ready:
        advice = "Until there is one, the bot falls silent when the active poller ends."
        yield Problem("degraded", "", cluster, "a standby that is ready to take over", "none", advice)


def _telegram(looks: Sequence[Look], limits: Limits, before: int | None) -> Iterator[Problem]:
    for look in looks:
        if "telegram" in look.failures:
            found = look.failures["telegram"].rstrip(".")
            yield Problem("degraded", look.host, "Telegram", "to be told whose token it is", found)
    answers: list[dict[str, Any]] = [
        dict(look.results["telegram"]["webhook"]) for look in looks if "telegram" in look.results
    ]
    if not answers:
        return
    if not any(each.component == POLLER for look in looks for each in look.wanted):
        return
    webhook, pending = answers[0]["url"], answers[0]["pending_update_count"]
    if webhook:
        advice = "Every poll is refused with 409 meanwhile. Take it off with the Bot API's deleteWebhook."
        yield Problem("degraded", "", "Telegram", "no webhook, since the bot polls", webhook, advice)
    grows = before is not None and pending > before >= _NOTICEABLE_BACKLOG
    if pending >= limits.backlog or grows:
        expected = f"fewer than {limits.backlog} messages to wait" if not grows else "no growing backlog"
        found = f"{pending}" + (f", after {before} when it was last looked at" if before is not None else "")
        advice = "The bot answers too slowly, or not at all: see its log and its last poll."
        yield Problem("degraded", "", "Telegram", expected, found, advice)
