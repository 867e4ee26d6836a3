"""The alias token."""

from __future__ import annotations

import re

from pollguard.gate.alias import alias_of
from pollguard_harness import make_token

TOKEN = make_token()


def test_an_alias_is_shaped_like_a_token_of_the_same_bot() -> None:
    alias = alias_of(TOKEN)
    assert re.fullmatch(r"[1-9][0-9]*:[A-Za-z0-9_-]{35}", alias)
    assert alias.partition(":")[0] == TOKEN.partition(":")[0]
    assert alias == alias_of(TOKEN) != alias_of(TOKEN[:-1] + ("a" if TOKEN[-1] != "a" else "b"))
    assert alias_of(alias) != TOKEN
