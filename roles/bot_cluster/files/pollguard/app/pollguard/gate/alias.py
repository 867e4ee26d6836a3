"""The alias token: what the bot gets instead of the real one.

Only the gate accepts it. So a bot that calls Telegram itself gets 401: it can neither poll nor send.
"""

from __future__ import annotations

import base64
import hmac

_LENGTH = 35
"""Characters behind the colon, as in tokens that Telegram issues."""


def alias_of(token: str) -> str:
    """The alias of a token: the same bot id and shape, the same on every poller, and no way back."""
    digest = hmac.digest(token.encode(), b"pollguard alias token", "sha256")
    secret = base64.urlsafe_b64encode(digest).decode()[:_LENGTH]
    return f"{token.partition(':')[0]}:{secret}"
