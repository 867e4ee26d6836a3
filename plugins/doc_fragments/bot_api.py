# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the modules that ask the Bot API."""

from __future__ import annotations


class ModuleDocFragment:
    """Goes with argument_spec() of module_utils/_bot_http.py."""

    DOCUMENTATION = r"""
options:
  token:
    description:
      - The token that @BotFather gave, like C(<number>:<secret>).
    type: str
    required: true
  api_url:
    description:
      - Address of the Bot API, without the token.
      - Set it for a Bot API server of your own.
    type: str
    default: https://api.telegram.org
  proxy:
    description:
      - Proxy through which the Bot API is reached, as C(scheme://[user:password@]host:port). The scheme is
        V(http), V(https) (TLS to the proxy), V(socks5) (the target resolves names) or V(socks5h) (the proxy
        does). User and password are percent-encoded.
      - When empty, the target's C(https_proxy) is used (C(http_proxy) for an O(api_url) without TLS), else
        C(all_proxy), lower case before upper case, unless C(no_proxy) has the host of O(api_url).
      - Nothing has to be installed for it.
    type: str
    default: ""
  timeout:
    description:
      - Seconds that one request may take to connect, and again to answer.
    type: int
    default: 10
  retries:
    description:
      - How many times a request is repeated that failed for a reason which may pass by itself.
    type: int
    default: 2
  max_wait:
    description:
      - Seconds that may be spent waiting between requests, in all.
      - When Telegram limits the rate, the module waits as long as it is told to if that fits in here,
        and fails at once if not.
    type: int
    default: 60
  validate_certs:
    description:
      - Whether the certificate of the Bot API must be valid.
      - With V(false), anybody on the way can read the token.
    type: bool
    default: true
  ca_path:
    description:
      - File on the target with CA certificates (PEM) that are used in place of the system's.
    type: path
"""
