"""Faults on demand: errors, delays and broken connections."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from standin.errors import ApiError, default_description

ANY_METHOD = "*"


@dataclass
class Fault:
    """What happens to the next `count` requests of a method (`*`: any) and bot (None: any).

    After `delay` seconds they are answered with `error_code`; 0 breaks the connection, None lets the
    method do its work late. A negative count never ends.
    """

    method: str
    count: int = 1
    error_code: int | None = None
    description: str | None = None
    retry_after: int | None = None
    delay: float = 0.0
    username: str | None = None

    @classmethod
    def parse(cls, wanted: dict[str, Any]) -> Fault:
        """From the control API's JSON. Raises ValueError when it makes no sense."""
        unknown = set(wanted) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        code = wanted.get("error_code")
        if code is not None and code != 0 and not 400 <= int(code) <= 599:
            raise ValueError("error_code is 400 to 599, or 0 to break the connection")
        fault = cls(**{"method": ANY_METHOD} | wanted)
        fault.method = fault.method.lower()
        return fault

    @property
    def breaks_connection(self) -> bool:
        """Whether there is no answer at all."""
        return self.error_code == 0

    def error(self) -> ApiError | None:
        """The error to answer with."""
        if not self.error_code:
            return None
        description = self.description or default_description(self.error_code, self.retry_after)
        return ApiError(self.error_code, description, self.retry_after)

    def as_json(self) -> dict[str, Any]:
        """What the control API shows."""
        return asdict(self)


class Faults:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def take(self, username: str | None, method: str) -> Fault | None:
        """The fault for this request, which uses it up by one."""
        for fault in self.pending:
            if fault.method in (ANY_METHOD, method) and fault.username in (None, username):
                fault.count -= 1
                if fault.count == 0:
                    self.pending.remove(fault)
                return fault
        return None
