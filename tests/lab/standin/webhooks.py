"""setWebhook, deleteWebhook and getWebhookInfo."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

from standin.bot import Bot, Webhook
from standin.errors import bad_request, too_many_requests
from standin.methods import Call, Described, method
from standin.params import Params
from standin.polling import WEBHOOK_SET
from standin.updates import DEFAULT_TYPES

_SECRET = re.compile(r"[A-Za-z0-9_-]*")
MAX_SECRET_LENGTH = 256
DEFAULT_CONNECTIONS = 40
# One webhook may be set in this time.
SET_INTERVAL_S = 1.0


def _checked(params: Params) -> Webhook:
    url = params.text("url")
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.text("secret_token")
    if len(secret) > MAX_SECRET_LENGTH:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    return Webhook(
        url=url,
        has_custom_certificate="certificate" in params.files,
        max_connections=params.integer("max_connections", DEFAULT_CONNECTIONS, 1, 100),
        ip_address=params.text("ip_address"),
        secret_token=secret,
    )


def _is_same(old: Webhook, new: Webhook) -> bool:
    if old.has_custom_certificate or new.has_custom_certificate:
        return False
    wanted = (new.url, new.max_connections, new.secret_token)
    same_address = not new.ip_address or new.ip_address == old.ip_address
    return wanted == (old.url, old.max_connections, old.secret_token) and same_address


@method("setWebhook")
def set_webhook(call: Call) -> Any:
    """Sets a webhook, which ends the waiting poll; without a URL it removes it.

    A second one within a second is answered 429.
    """
    bot, params = call.bot, call.params
    if not params.text("url"):
        return delete_webhook(call)
    now = asyncio.get_running_loop().time()
    if now < bot.next_webhook_change:
        raise too_many_requests(1)
    bot.next_webhook_change = now + SET_INTERVAL_S
    webhook = _checked(params)
    if _is_same(bot.webhook, webhook) and not params.flag("drop_pending_updates"):
        bot.queue.set_allowed(params.text("allowed_updates"))
        return Described(True, "Webhook is already set")
    bot.polling.abort(WEBHOOK_SET)
    if params.flag("drop_pending_updates"):
        bot.queue.clear()
    bot.webhook = webhook
    bot.queue.set_allowed(params.text("allowed_updates"))
    return Described(True, "Webhook was set")


@method("deleteWebhook")
def delete_webhook(call: Call) -> Any:
    """Removes the webhook, and the pending updates where that is asked for."""
    bot = call.bot
    was_set = bool(bot.webhook.url)
    bot.webhook = Webhook()
    if call.params.flag("drop_pending_updates"):
        bot.queue.clear()
    return Described(True, "Webhook was deleted" if was_set else "Webhook is already deleted")


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Any:
    """The webhook and how many updates are pending; doesn't disturb a poll."""
    return webhook_info(call.bot)


def webhook_info(bot: Bot) -> dict[str, Any]:
    """The Bot API's WebhookInfo object."""
    webhook = bot.webhook
    info: dict[str, Any] = {
        "url": webhook.url,
        "has_custom_certificate": webhook.has_custom_certificate,
        "pending_update_count": len(bot.queue),
    }
    if webhook.last_error_date is not None:
        info["last_error_date"] = webhook.last_error_date
        info["last_error_message"] = webhook.last_error_message or ""
    if webhook.max_connections:
        info["max_connections"] = webhook.max_connections
    if webhook.url:
        info["ip_address"] = webhook.ip_address or "<unknown>"
    if bot.queue.allowed != DEFAULT_TYPES:
        info["allowed_updates"] = sorted(bot.queue.allowed)
    return info
