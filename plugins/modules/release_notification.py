#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module release_notification."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_notification
short_description: Tell people that a change of the cluster begins, or how it ended
version_added: 0.1.0
description:
  - Sends what M(aisha.cluster.cluster_lock) logged to a Telegram chat, to an address, or to both.
  - One that can't be sent is a warning, and no failure.
extends_documentation_fragment:
  - aisha.cluster.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Sends each time.
options:
  entry:
    description:
      - A line of the log, as M(aisha.cluster.cluster_lock) returns it in
        RV(aisha.cluster.cluster_lock#module:entry).
    type: dict
    required: true
  cluster_name:
    description: Name of the cluster.
    type: str
    default: aisha
  chat:
    description: Telegram chat, by its number or as V(@name). The bot must be a member. Empty for none.
    type: str
    default: ""
  token:
    description: Token of the bot that says it.
    type: str
  api_url:
    description: Base address of the Bot API.
    type: str
    default: https://api.telegram.org
  proxy:
    description:
      - Proxy through which the Bot API is reached, like O(aisha.cluster.telegram_bot_info#module:proxy). The
        O(url) is reached without it.
    type: str
    default: ""
  url:
    description:
      - Address to which the entry is sent with POST, as JSON, with the cluster's name as C(cluster) and the
        message as C(text). Empty for none.
    type: str
    default: ""
  timeout:
    description: Seconds that one of them may take.
    type: int
    default: 5
author:
  - Aisha Cluster Contributors (@aisha)
"""

EXAMPLES = r"""
---
- name: Tell a chat
  aisha.cluster.release_notification:
    entry: "{{ lock.entry }}"
    chat: "@operators"
    token: "{{ telegram_bot_token }}"
"""

RETURN = r"""
sent:
  description: Where it was sent, or would have been if it weren't for check mode.
  returned: success
  type: list
  elements: str
  sample: [chat, url]
text:
  description: The message.
  returned: success
  type: str
  sample: "aisha: rolling_update by ann@ops: succeeded after 2 min 11 s, release 4 → 5"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._release.notification import NotSentError, send_to_chat, send_to_url, text_of


def main() -> None:
    """Send to what the options name."""
    spec: dict[str, dict[str, Any]] = {
        "entry": {"type": "dict", "required": True},
        "cluster_name": {"type": "str", "default": "aisha"},
        "chat": {"type": "str", "default": ""},
        "token": {"type": "str", "no_log": True},
        "api_url": {"type": "str", "default": "https://api.telegram.org"},
        "proxy": {"type": "str", "default": "", "no_log": True},
        "url": {"type": "str", "default": "", "no_log": True},
        "timeout": {"type": "int", "default": 5},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    text = text_of(params["cluster_name"], params["entry"])
    sent: list[str] = []
    for name in ("chat", "url"):
        if not params[name]:
            continue
        try:
            if module.check_mode:
                pass
            elif name == "chat":
                send_to_chat(
                    params["api_url"],
                    params["token"] or "",
                    params["chat"],
                    text,
                    params["timeout"],
                    params["proxy"],
                )
            else:
                send_to_url(params["url"], params["cluster_name"], params["entry"], text, params["timeout"])
        except NotSentError as error:
            module.warn(f"Notification to the {name}: {error}. The change itself goes on.")
        else:
            sent.append(name)
    module.exit_json(changed=bool(sent), sent=sent, text=text)


if __name__ == "__main__":
    main()
