"""Which objects a query asks for, as AWX's filters take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakeawx.kinds import KINDS
from fakeawx.refusal import Refusal
from fakeawx.store import Object, Store

LOOKUPS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda found, wanted: found == wanted,
    "iexact": lambda found, wanted: found.lower() == wanted.lower(),
    "contains": lambda found, wanted: wanted in found,
    "icontains": lambda found, wanted: wanted.lower() in found.lower(),
    "startswith": lambda found, wanted: found.startswith(wanted),
    "endswith": lambda found, wanted: found.endswith(wanted),
    "in": lambda found, wanted: found in wanted.split(","),
}
_NO_FILTERS = ("page", "page_size", "order_by", "search")


def matching(store: Store, objects: list[Object], query: Mapping[str, str]) -> list[Object]:
    """Return the objects that a query asks for: all conditions hold, and of those with "or__" one."""
    filters = {name: wanted for name, wanted in query.items() if name not in _NO_FILTERS}
    either = {
        name.removeprefix("or__"): wanted for name, wanted in filters.items() if name.startswith("or__")
    }
    every = {name: wanted for name, wanted in filters.items() if not name.startswith("or__")}
    return [
        each
        for each in objects
        if all(_holds(store, each, name, wanted) for name, wanted in every.items())
        and (not either or any(_holds(store, each, name, wanted) for name, wanted in either.items()))
    ]


def _holds(store: Store, found: Object, name: str, wanted: str) -> bool:
    *way, last = name.split("__")
    lookup = LOOKUPS.get(last)
    if lookup is None:
        way, lookup = [*way, last], LOOKUPS["exact"]
    return any(lookup(_text(value), _none(wanted)) for value in _values(store, found, way))


def _values(store: Store, found: Object, way: list[str]) -> list[Any]:
    """Return what is at the end of a way through related objects."""
    name, *further = way
    kind = next(kind for kind in KINDS.values() if kind.type == found["type"])
    if name in kind.lists:
        related = [store.get(kind.lists[name], each) for each in store.listed(found["id"], name)]
        return [value for each in related for value in _values(store, each, further or ["id"])]
    # Of one that AWX derives, such as a job template's organization, its kind is its name.
    if name not in found and name not in ("id", "type", "organization"):
        raise Refusal({"detail": f"{kind.type} has no field named '{name}'"})
    value = found.get(name)
    if not further:
        return [value]
    to = kind.fields[name].to if name in kind.fields else f"{name}s"
    related_object = store.find(to, value) if value else None
    return _values(store, related_object, further) if related_object else []


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _none(wanted: str) -> str:
    return "" if wanted.lower() in ("none", "null") else wanted
