# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as people write them, in the form that an engine takes. Private to this collection. No I/O here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ...module_utils._core.connection_url import UrlError
from ...module_utils._core.proxy_url import proxy_of


class UnfitValue(ValueError):
    """A value that can't be used: what was expected, and what was found, without the value's own words."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def command_words(value: Any) -> list[str]:
    """Return the words of a command.

    Args:
        value: a list of words, or a line that is split as a shell splits it. Nothing in it is expanded.

    Raises:
        UnfitValue: when it is neither, or a quotation in it doesn't end.
    """
    if isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError as error:
            raise UnfitValue("a command as a shell reads it", str(error).lower()) from error
    if not isinstance(value, (list, tuple)):
        raise UnfitValue("a list of words, or a line", kind_of(value))
    for word in value:
        if word is None or isinstance(word, (Mapping, list, tuple)):
            raise UnfitValue("words", f"{kind_of(word)} among them")
    return [text_of(word) for word in value]


def environment_strings(value: Any) -> dict[str, str]:
    """Return environment variables as text, by name.

    Args:
        value: variables by name. Numbers become text, true and false are written so, and nothing is empty.

    Raises:
        UnfitValue: when it isn't a dictionary, when a name can't be one, or when a value has parts.
    """
    if not isinstance(value, Mapping):
        raise UnfitValue("a dictionary of names to text", kind_of(value))
    for name, each in value.items():
        if not str(name) or "=" in str(name):
            raise UnfitValue(
                "names of variables", "an empty one" if not str(name) else "one with an equals sign"
            )
        if isinstance(each, (Mapping, list, tuple)):
            raise UnfitValue(f"text or a number in {name}", kind_of(each))
    return {str(name): text_of(each) for name, each in value.items()}


def proxy_text(value: Any) -> str:
    """Return a proxy's URL; an empty one is none.

    Raises:
        UnfitValue: when it can't be used, also because of where: containers use it as well as hosts.
    """
    if not isinstance(value, str):
        raise UnfitValue("text", kind_of(value))
    try:
        proxy = proxy_of(value) if value else None
    except UrlError as error:
        raise UnfitValue(error.expected, error.found) from None
    if proxy is not None and proxy.is_loopback:
        raise UnfitValue(
            "the address of a proxy that hosts and containers reach",
            "a loopback address, which in a container is the container itself",
        )
    return value


def text_of(value: Any) -> str:
    """Return a scalar as an environment has it: true and false as Docker Compose's files write them."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind_of(value: Any) -> str:
    """Return what a value is, in YAML's words, and nothing of what it says."""
    if value is None:
        return "nothing"
    kinds = (bool, "true or false"), (int, "a whole number"), (float, "a number"), (str, "text")
    for kind, name in (*kinds, (Mapping, "a dictionary"), ((list, tuple), "a list")):
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"
