# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets that a container was given, and how they are kept out of what people read.

Private to this collection. No I/O here.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from .bot_token import MASK, BotToken, redact_any_token, shape_fault
from .connection_url import UrlError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WORDS = r"PASS|SECRET|TOKEN|CREDENTIAL|_KEY(?![A-Z0-9])"
_SECRET_NAME = re.compile(_WORDS, re.IGNORECASE)
_USERINFO = re.compile(r"(://[^:/@\s]*):([^/\s]+)@")
# Many clients take credentials behind the question mark, too.
_OPTION = re.compile(rf"([?&;][\w.-]*(?:{_WORDS})[\w.-]*=)([^&#\s\"'<>]+)", re.IGNORECASE)
# Where a library that reads a URL otherwise cuts a password that nobody has encoded.
_CUT = re.compile(r"[@/?#:]")
# A shorter value would mask ordinary words; inside a URL, where one is expected, any length is masked.
_SHORTEST = 6


@dataclass(frozen=True)
class Redactor:
    """Masks the secrets of one container, and whatever looks like a bot's token. repr() doesn't show them.

    Args:
        tokens: of bots.
        others: that are masked wherever they stand.
        short: passwords of URLs that are masked only where a URL has its password.
    """

    tokens: tuple[BotToken, ...] = ()
    others: tuple[str, ...] = ()
    short: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Redactor({len(self.tokens)} tokens, {len(self.others)} others)"

    @classmethod
    def of(cls, environment: Iterable[str] | None) -> Redactor:
        """Learn the secrets of ``NAME=value`` lines: by their names, their shape, and passwords in URLs."""
        tokens: set[BotToken] = set()
        others: set[str] = set()
        short: set[str] = set()
        for line in environment or ():
            name, _equals, value = line.partition("=")
            if shape_fault(value) is None:
                tokens.add(BotToken(value))
            elif _SECRET_NAME.search(name):
                others.add(value)
            in_urls = [match[2] for shape in (_USERINFO, _OPTION) for match in shape.finditer(value)]
            with suppress(UrlError):
                # One that nobody has encoded: it may have what ends it elsewhere.
                url = parse(value)
                in_urls += [text for option, text in url.options.items() if _SECRET_NAME.search(option)]
                in_urls.append(url.password)
                others.update(_CUT.split(url.password))
                short.update(form for form in (url.password, quote(url.password, safe="")) if form)
            others.update(in_urls, map(unquote, in_urls))
        known = {form for value in others for form in _forms(value)}
        # Longest first: a secret may contain another one.
        return cls(tuple(tokens), tuple(sorted(known, key=len, reverse=True)), tuple(short - known))

    def tokens_in(self, value: Any) -> Any:
        """Mask tokens alone, in text and in any nesting of lists and dicts: for names and identities."""
        for token in self.tokens:
            value = token.redact(value)
        return _each_text(value, redact_any_token)

    def __call__(self, value: Any) -> Any:
        """Mask all secrets, in text and in any nesting of lists and dicts."""
        return _each_text(self.tokens_in(value), self._mask_others)

    def environment(self, lines: Iterable[str] | None) -> list[str]:
        """Mask ``NAME=value`` lines; what is secret by its name is so whatever its length."""
        shown = []
        for line in lines or ():
            name, equals, value = line.partition("=")
            secret = bool(value) and (_SECRET_NAME.search(name) is not None or shape_fault(value) is None)
            shown.append(f"{name}{equals}{MASK}" if secret else str(self(line)))
        return shown

    def _mask_others(self, text: str) -> str:
        for secret in self.others:
            text = text.replace(secret, MASK)
        for secret in self.short:
            text = text.replace(f":{secret}@", f":{MASK}@")
        return _OPTION.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1:{MASK}@", text))


def _forms(value: str) -> set[str]:
    """How a secret may stand in a text; of one with several lines, what is read by line has each alone."""
    plain = {value, *(line.strip() for line in value.splitlines())}
    return {
        form
        for one in plain
        # Short ones are left out in any form: an encoded word would be as long as a secret.
        if len(one) >= _SHORTEST
        for form in (one, quote(one, safe=""), json.dumps(one)[1:-1], b64encode(one.encode()).decode())
    }


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_each_text(key, change): _each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(item, change) for item in value]
    return value
