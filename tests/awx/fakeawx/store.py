"""What there is: objects by kind and id, what they are associated with, and what goes when something goes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fakeawx.kinds import KINDS, LAUNCHABLE, Kind
from fakeawx.refusal import Refusal

Object = dict[str, Any]


@dataclass
class Store:
    """All objects. An id is of one object only, whatever its kind."""

    objects: dict[str, dict[int, Object]] = field(default_factory=lambda: {name: {} for name in KINDS})
    lists: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    surveys: dict[int, Object] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def kinds(self, name: str) -> tuple[str, ...]:
        """The kinds that a name in an address stands for."""
        return LAUNCHABLE if name == "unified_job_templates" else (name,)

    def all(self, name: str) -> list[Object]:
        return [each for kind in self.kinds(name) for each in self.objects[kind].values()]

    def find(self, name: str, identity: int) -> Object | None:
        return next(
            (self.objects[kind][identity] for kind in self.kinds(name) if identity in self.objects[kind]),
            None,
        )

    def get(self, name: str, identity: int) -> Object:
        found = self.find(name, identity)
        if found is None:
            raise Refusal({"detail": "Not found."}, 404)
        return found

    def listed(self, identity: int, name: str) -> list[int]:
        return self.lists.setdefault((identity, name), [])

    def add(self, kind: Kind, values: Object) -> Object:
        """Keep a new object, with its permissions."""
        identity = next(self.ids)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        made = {"id": identity, "type": kind.type, "created": moment, "modified": moment, **values}
        self.objects[kind.name][identity] = made
        made["__roles"] = {}
        for role in kind.roles:
            added = next(self.ids)
            self.objects["roles"][added] = {
                "id": added,
                "type": "role",
                "name": role,
                "of": identity,
                "of_kind": kind.name,
                "__roles": {},
            }
            made["__roles"][f"{role}_role"] = added
        return made

    def values(self, kind: Kind, sent: Object, old: Object | None) -> Object:
        """Read what was sent of an object, and refuse what can't be. What isn't a field is ignored."""
        errors: dict[str, list[str]] = {}
        values: Object = {}
        fields = dict(kind.fields)
        for name in {kind.identity, "name", "description"} - {"username", "identifier"}:
            if kind.identity == name or kind.identity == "name":
                values[name] = str(sent.get(name, old[name] if old else "") or "")
        if kind.identity == "name" and not values["name"]:
            blank = sent.get("name") == ""
            errors["name"] = [f"This field {'may not be blank' if blank else 'is required'}."]
        for name, what in fields.items():
            if name not in sent or (old and what.fixed):
                values[name] = old[name] if old else what.fresh()
                if what.required and not old:
                    errors[name] = ["This field is required."]
                continue
            value = sent[name]
            if value is None or (value == "" and what.type is int):
                value = None if what.default is None else what.fresh()
            elif what.type is int and isinstance(value, str) and value.lstrip("-").isdigit():
                value = int(value)
            elif not isinstance(value, what.type) or (what.type is int and isinstance(value, bool)):
                errors[name] = [f"Not a valid value: {value!r}."]
            if what.choices and value not in (None, *what.choices):
                errors[name] = [f'"{value}" is not a valid choice.']
            if what.required and value in (None, ""):
                errors[name] = ["This field may not be blank."]
            if what.to and isinstance(value, int) and self.find(what.to, value) is None:
                errors[name] = [f'Invalid pk "{value}" - object does not exist.']
            values[name] = value
        if errors:
            raise Refusal(errors)
        self._unique(kind, values, old)
        return values

    def _unique(self, kind: Kind, values: Object, old: Object | None) -> None:
        names = [name for name in kind.unique if name in values]
        for other in self.objects[kind.name].values():
            if names and other is not old and all(other[name] == values[name] for name in names):
                raise Refusal({"__all__": [f"{kind.type} with this {' and '.join(names)} already exists."]})

    def remove(self, name: str, identity: int) -> None:
        """Remove an object; what can't be without it goes too, and what refers to it forgets it."""
        kind = next(kind for kind in self.kinds(name) if identity in self.objects[kind])
        gone = self.objects[kind].pop(identity)
        for role in gone["__roles"].values():
            self._forget(role)
            self.objects["roles"].pop(role)
        self.surveys.pop(identity, None)
        for other in KINDS.values():
            for field_name, what in other.fields.items():
                if not what.to or kind not in self.kinds(what.to):
                    continue
                for each in list(self.objects[other.name].values()):
                    if each[field_name] == identity:
                        if what.cascades and each["id"] in self.objects[other.name]:
                            self.remove(other.name, each["id"])
                        else:
                            each[field_name] = None
        if (
            kind == "workflow_job_template_nodes"
            and gone["unified_job_template"] in self.objects["workflow_approval_templates"]
        ):
            self.remove("workflow_approval_templates", gone["unified_job_template"])
        self._forget(identity)

    def _forget(self, identity: int) -> None:
        """Take an object out of all lists; a label that is in none any more goes."""
        for key, members in list(self.lists.items()):
            if key[0] == identity:
                del self.lists[key]
            elif identity in members:
                members.remove(identity)
        for label in list(self.objects["labels"]):
            self.drop_detached(label)

    def drop_detached(self, label: int) -> None:
        """Remove a label that has been on something, and is on nothing any more."""
        known = self.objects["labels"].get(label)
        if (
            known
            and known.get("__used")
            and not any(
                label in members for (_owner, name), members in self.lists.items() if name == "labels"
            )
        ):
            self.remove("labels", label)
