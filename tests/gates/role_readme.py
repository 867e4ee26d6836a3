"""The part of a role's README.md that is made from its argument specs; nothing is read or written here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

NAMESPACE = "aisha.cluster"
BEGIN = "<!-- inputs: written by make docs from meta/argument_specs.yml -->"
END = "<!-- end of inputs -->"
_LONGEST_DEFAULT = 60

# Ansible's markup, as Markdown: code, names of options and values, modules, links.
_MARKUP = (
    (re.compile(r"\bO\((?:[\w.]+#\w+:(?:\w+:)?)?([^)=]+)(=[^)]+)?\)"), r"`\1\2`"),
    (re.compile(r"\b(?:RV|V|E|C|M)\((?:ignore:)?([^)]+)\)"), r"`\1`"),
    (re.compile(r"\bP\(([^)#]+)#\w+\)"), r"`\1`"),
    (re.compile(r"\bB\(([^)]+)\)"), r"**\1**"),
    (re.compile(r"\bI\(([^)]+)\)"), r"*\1*"),
    (re.compile(r"\bL\(([^,)]+), *([^)]+)\)"), r"[\1](\2)"),
    (re.compile(r"\bU\(([^)]+)\)"), r"<\1>"),
)


def updated(name: str, specs: dict[str, Any], defaults: dict[str, Any], before: str | None) -> str:
    """Return the README with the inputs of these specs; a whole one where there was none."""
    inputs = f"{BEGIN}\n\n{_inputs(specs, defaults)}\n{END}"
    if before is None:
        return _whole(name, specs, inputs)
    if BEGIN in before and END in before:
        head, rest = before.split(BEGIN, 1)
        return f"{head}{inputs}{rest.partition(END)[2]}"
    return f"{before.rstrip()}\n\n## Inputs\n\n{inputs}\n"


def markdown(text: str) -> str:
    """Turn Ansible's markup into Markdown."""
    # Code may hold brackets ("C((n - 1) mod hosts)"): those first, by counting.
    text = re.sub(r"\bC\(((?:[^()]|\([^()]*\))*)\)", r"`\1`", text)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text


def _whole(name: str, specs: dict[str, Any], inputs: str) -> str:
    main = specs.get("main") or next(iter(specs.values()))
    description = "\n\n".join(markdown(part) for part in _paragraphs(main.get("description")))
    required = {key: option for key, option in (main.get("options") or {}).items() if option.get("required")}
    lines = [
        "- name: " + str(main.get("short_description", name)),
        "  hosts: all",
        "  become: true",
        "  roles:",
        f"    - role: {NAMESPACE}.{name}",
    ]
    if required:
        lines.append("      vars:")
        lines += [f"        {key}: {_placeholder(key, option)}" for key, option in required.items()]
    example = "\n".join(lines)
    return (
        f"# {NAMESPACE}.{name}\n\n{main.get('short_description', '')}.\n\n{description}\n\n"
        f"## Inputs\n\n{inputs}\n\n## Example\n\n```yaml\n{example}\n```\n"
    )


def _placeholder(name: str, option: dict[str, Any]) -> str:
    if name.endswith("_hosts"):
        return '"{{ ansible_play_hosts_all }}"'
    return {"list": "[…]", "dict": "{…}", "int": "1", "bool": "true"}.get(option.get("type", "str"), "…")


def _inputs(specs: dict[str, Any], defaults: dict[str, Any]) -> str:
    """A table for each entry point; one that takes what main takes says so."""
    main = (specs.get("main") or {}).get("options") or {}
    parts = []
    for entry, spec in specs.items():
        options = spec.get("options") or {}
        head = ""
        if entry != "main":
            head = f"### `tasks_from: {entry}`\n\n{spec.get('short_description', '')}.\n\n"
        if entry != "main" and options == main and options:
            parts.append(f"{head}The same inputs.\n")
        elif not options:
            parts.append(f"{head}No inputs.\n")
        else:
            rows = "".join(_rows(options, defaults))
            parts.append(f"{head}| input | type | default | description |\n|---|---|---|---|\n{rows}")
    return "\n".join(parts)


def _rows(options: dict[str, Any], defaults: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        kind = str(option.get("type", ""))
        if kind == "list":
            kind = f"list of {option.get('elements')}"
        default = option.get("default", defaults.get(name) if not prefix else None)
        cells = (f"`{prefix}{name}`", kind, _default(option, default), _description(option))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells).rstrip() + " |\n"
        if option.get("options"):
            inner = f"{prefix}{name}[]." if option.get("type") == "list" else f"{prefix}{name}."
            yield from _rows(option["options"], defaults, inner)


def _default(option: dict[str, Any], default: Any) -> str:
    if option.get("required"):
        return "**required**"
    if default is None:
        return ""
    text = default if isinstance(default, str) and default else json.dumps(default, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST_DEFAULT else "see [defaults](defaults/main.yml)"


def _description(option: dict[str, Any]) -> str:
    text = markdown(" ".join(_paragraphs(option.get("description"))))
    if option.get("choices"):
        text += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
    return " ".join(text.split())


def _paragraphs(description: Any) -> list[str]:
    return [str(part) for part in (description if isinstance(description, list) else [description or ""])]
