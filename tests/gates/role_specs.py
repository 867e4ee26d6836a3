"""Whether each role's argument specs, defaults and README say the same; with --write, make the README say it.

The specs (meta/argument_specs.yml) are the source: of each input's name, type, default and description.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import role_readme
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from workspace import ROOT, Job

TYPES = {"str", "int", "float", "bool", "list", "dict", "path", "raw", "bytes", "bits", "json", "jsonarg"}
# A dict whose keys are the user's own says of what they are: "name to string", "as in daemon.json".
OPEN_KEYS = re.compile(r"\b\w+ to \w+\b|\bas in\b")


@dataclass(frozen=True)
class Role:
    """What a role says of its inputs: the specs by entry point, and the defaults."""

    path: Path
    specs: dict[str, dict[str, Any]]
    defaults: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Role:
        specs = _load(path / "meta/argument_specs.yml").get("argument_specs") or {}
        return cls(path, specs, _load(path / "defaults/main.yml"))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def readme(self) -> Path:
        return self.path / "README.md"


def _load(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    return dict(yaml.safe_load(path.read_text()) or {})


def roles() -> list[Role]:
    return [Role.read(path) for path in sorted((ROOT / "roles").iterdir()) if path.is_dir()]


def faults(role: Role) -> Iterator[str]:
    """Yield what is wrong with a role's specs and defaults."""
    if not role.specs:
        yield "meta/argument_specs.yml: expected argument_specs, found none"
    known: set[str] = set()
    for entry, spec in role.specs.items():
        for key in ("short_description", "description"):
            if not spec.get(key):
                yield f"entry point {entry}: expected a {key}, found none"
        for name, option in (spec.get("options") or {}).items():
            known.add(name)
            for fault in (*_option_faults(option), *_default_faults(name, option, role.defaults)):
                yield f"entry point {entry}: {name}{fault}"
    for name in role.defaults.keys() - known:
        yield f"defaults/main.yml: {name}: expected it in the argument specs, found it in none"


def _option_faults(option: dict[str, Any]) -> Iterator[str]:
    """Whether an option is typed and described, and so are the options in it."""
    kind = option.get("type")
    if kind not in TYPES:
        yield f": expected a type, found {kind}"
    if not option.get("description"):
        yield ": expected a description, found none"
    if kind == "list" and option.get("elements") not in TYPES:
        yield f": expected the type of the list's elements, found {option.get('elements')}"
    keys = option.get("options")
    if "dict" in (kind, option.get("elements")):
        if not keys and not OPEN_KEYS.search(_text(option.get("description"))):
            yield (
                ': expected the keys in "options", or a description of what they are ("name to string", '
                '"as in …"); found neither'
            )
    elif keys:
        yield f": options in something that is no dict ({kind})"
    for name, inner in (keys or {}).items():
        for fault in _option_faults(inner):
            yield f".{name}{fault}"


def _default_faults(name: str, option: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    """Whether the spec's default is that of defaults/main.yml, and fits its type."""
    if option.get("required"):
        if "default" in option or name in defaults:
            yield ": required, so expected no default, found one"
        return
    if name not in defaults:
        yield ": not required, so expected a default in defaults/main.yml, found none"
        return
    default = defaults[name]
    if _computed(default) and "default" not in option and option.get("type") != "str":
        return  # An expression is no value of its type, and so none that a spec may show.
    if "default" not in option:
        yield f": expected the default of defaults/main.yml, {default!r}; found none"
    elif option["default"] != default or type(option["default"]) is not type(default):
        yield f": expected the default of defaults/main.yml, {default!r}; found {option['default']!r}"
    elif not _computed(default):
        for error in ArgumentSpecValidator({name: _checked(option)}).validate({name: default}).error_messages:
            yield f": the default doesn't fit: {error}"


def _computed(value: Any) -> bool:
    """Whether an expression is in it."""
    return "{{" in str(value)


def _checked(option: dict[str, Any]) -> dict[str, Any]:
    """What of an option says which values fit."""
    kept: dict[str, Any] = {key: option[key] for key in ("type", "elements", "choices") if key in option}
    if "options" in option:
        kept["options"] = {
            name: {**_checked(inner), "required": inner.get("required", False)}
            for name, inner in option["options"].items()
        }
    return kept


def _text(description: Any) -> str:
    return " ".join(description) if isinstance(description, list) else str(description or "")


def gate(job: Job) -> None:
    """Argument specs, defaults and README of each role say the same."""
    for role in roles():
        found = list(faults(role))
        written = role.readme.read_text() if role.readme.exists() else None
        if not role.specs:
            pass
        elif written is None:
            found.append("README.md: expected one, found none; make docs writes it")
        elif written != role_readme.updated(role.name, role.specs, role.defaults, written):
            found.append(
                "README.md: the inputs aren't those of the argument specs; make docs brings them up to date"
            )
        for fault in found:
            job.fail(f"roles/{role.name}: {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring the inputs in each README.md up to date")
    if not parser.parse_args().write:
        job = Job(sys.stdout, Path())
        gate(job)
        return 1 if job.failed else 0
    for role in roles():
        if not role.specs:
            continue
        before = role.readme.read_text() if role.readme.exists() else None
        after = role_readme.updated(role.name, role.specs, role.defaults, before)
        if after != before:
            role.readme.write_text(after)
            print(f"written: roles/{role.name}/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
