"""The one exception that a Bot API method answers with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """An answer `{"ok": false, …}`: error_code (HTTP status), description, retry_after (seconds)."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> ApiError:
    """A 400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """A 429; retry_after in seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after)


def unauthorized() -> ApiError:
    """The answer to a well-formed token that is wrong or was revoked."""
    return ApiError(401, "Unauthorized")


def default_description(code: int, retry_after: int | None) -> str:
    """What Telegram says with an HTTP status when nothing more is known."""
    if code == 429:
        return f"Too Many Requests: retry after {retry_after or 1}"
    if code == 500:
        return "Internal Server Error: restart"
    if code == 403:
        return "Forbidden: bot was blocked by the user"
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return f"Error {code}"
