#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module telegram_bot_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: telegram_bot_info
short_description: Validate a Telegram bot's token and tell whose it is
version_added: 0.1.0
description:
  - Checks the shape of the token without any request, then asks the Bot API with C(getMe) and
    C(getWebhookInfo).
  - Fails when the token can not be used, and says which of many reasons it is in RV(failure.reason).
  - Never calls C(getUpdates), which would take the running bot's place for a moment and can make it lose
    messages.
  - Runs on the target, because the bot's own way to the Bot API is what counts. It needs nothing there but
    Python, also for a SOCKS proxy.
  - The token is masked in everything that the module returns.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.attributes.info_module
  - aisha.cluster.bot_api
options:
  expected_username:
    description:
      - The bot's user name, with or without the leading C(@), in any case.
      - When set, a token of another bot makes the module fail with RV(failure.reason=wrong_bot).
    type: str
seealso:
  - name: Telegram Bot API, getMe
    description: The fields of RV(bot).
    link: https://core.telegram.org/bots/api#getme
  - name: Telegram Bot API, getWebhookInfo
    description: The fields of RV(webhook).
    link: https://core.telegram.org/bots/api#getwebhookinfo
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Validate the token before anything is deployed
  aisha.cluster.telegram_bot_info:
    token: "{{ telegram_bot_token }}"
    expected_username: aisha_bot
  register: telegram

- name: Stop when a webhook takes the updates that the bot would poll for
  ansible.builtin.assert:
    that: telegram.webhook.url | length == 0
    fail_msg: "@{{ telegram.bot.username }} has a webhook at {{ telegram.webhook.url }}"

- name: Ask a Bot API server of one's own, and give up quickly
  aisha.cluster.telegram_bot_info:
    token: "{{ telegram_bot_token }}"
    api_url: http://bot-api.internal:8081
    timeout: 3
    retries: 0

- name: Ask through a SOCKS proxy that resolves the name, too
  aisha.cluster.telegram_bot_info:
    token: "{{ telegram_bot_token }}"
    proxy: "socks5h://{{ proxy_user | urlencode }}:{{ proxy_password | urlencode }}@proxy.example.com:1080"
"""

RETURN = r"""
bot:
  description:
    - Who the bot is, as C(getMe) says.
    - Also returned on failure when the identity was known by then.
  returned: success
  type: dict
  contains:
    id:
      description: Number of the bot; the part of its token before the colon.
      returned: always
      type: int
    username:
      description: User name, without C(@).
      returned: always
      type: str
    first_name:
      description: Name that users see.
      returned: always
      type: str
    is_bot:
      description: Always V(true).
      returned: always
      type: bool
    can_join_groups:
      description: Whether the bot can be invited to groups. More flags follow, as the Bot API has them.
      returned: when the Bot API says so
      type: bool
  sample:
    id: 123456789
    is_bot: true
    first_name: Aisha
    username: aisha_bot
    can_join_groups: true
    can_read_all_group_messages: false
    supports_inline_queries: false
webhook:
  description:
    - Where Telegram sends the bot's updates, as C(getWebhookInfo) says.
  returned: success
  type: dict
  contains:
    url:
      description: Address of the webhook. A bot that has one can not be polled; empty when it has none.
      returned: always
      type: str
    pending_update_count:
      description: Updates that wait for delivery. It grows when nobody polls.
      returned: always
      type: int
    last_error_date:
      description: When the last delivery failed, in seconds since the epoch; V(none) if none did.
      returned: always
      type: int
    last_error_message:
      description: Why the last delivery failed; V(none) if none did.
      returned: always
      type: str
  sample:
    url: ""
    has_custom_certificate: false
    pending_update_count: 0
    last_error_date: null
    last_error_message: null
failure:
  description:
    - What went wrong, for programs. RV(ignore:msg) says the same for people.
  returned: failure
  type: dict
  contains:
    reason:
      description:
        - V(malformed), the token has not the shape of one, or a server of one's own said so.
        - V(revoked), the Bot API refuses it (401).
        - V(not_found), the Bot API knows no such bot (404).
        - V(logged_out), the bot has been moved to a Bot API server of its own.
        - V(wrong_bot), it is the token of another bot than O(expected_username).
        - V(not_a_bot), the account is no bot.
        - V(rate_limited), too many requests (429).
        - V(server_error), the Bot API or a gateway before it is in trouble (5xx).
        - V(timeout), V(unreachable), V(dns), V(tls), V(proxy), there is no way to the Bot API, and why.
        - V(not_bot_api), something else answers there, such as a captive portal.
        - V(bad_option), an option has a value that can not be used.
        - V(refused), any other error of the Bot API.
      returned: always
      type: str
    temporary:
      description: Whether the same call may succeed later without any change.
      returned: always
      type: bool
    expected:
      description: What was expected.
      returned: always
      type: str
    found:
      description: What was found.
      returned: always
      type: str
    advice:
      description: What to do about it.
      returned: always
      type: str
    method:
      description: Method of the Bot API that failed; V(none) when none was called.
      returned: always
      type: str
    status:
      description: Status of the answer; V(none) when there was none.
      returned: always
      type: int
    description:
      description: The Bot API's own words; V(none) when there were none.
      returned: always
      type: str
    retry_after:
      description: Seconds that the Bot API asked to wait; V(none) when it did not.
      returned: always
      type: int
    attempts:
      description: How many times the method was called.
      returned: always
      type: int
  sample:
    reason: revoked
    temporary: false
    expected: the bot's identity
    found: 401 "Unauthorized"
    advice: >-
      The token was revoked, or never was one. Take the current one from @BotFather (/mybots, API Token) and
      update telegram_bot_token.
    method: getMe
    status: 401
    description: Unauthorized
    retry_after: null
    attempts: 1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._telegram.client import BotApiError
from ..module_utils._telegram.transport import argument_spec, connect


def look(params: dict[str, Any], result: dict[str, Any]) -> None:
    """Fill result with what the Bot API says; raise BotApiError with what is known by then in it."""
    api = connect(params)
    result["bot"] = api.get_me()
    if params["expected_username"]:
        api.expect_username(result["bot"], params["expected_username"])
    result["webhook"] = api.get_webhook_info()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**argument_spec(), "expected_username": {"type": "str"}},
        supports_check_mode=True,
    )
    result: dict[str, Any] = {"changed": False}
    try:
        look(module.params, result)
    except BotApiError as error:
        module.fail_json(msg=str(error), failure=error.as_failure(), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
