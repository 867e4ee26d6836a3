"""The stand-in's control API as the fault tests use it."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

REQUEST_S = 60
QUIET_S = 5.0


@dataclass(frozen=True)
class Standin:
    """A running stand-in, by the addresses of its two ports."""

    control_url: str
    api_url: str = ""

    def call(self, verb: str, path: str, body: dict[str, Any] | None = None, **query: object) -> Any:
        """Make one request and return its JSON. Raises OSError."""
        # It is near: a proxy of the environment is never meant.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        words = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        request = urllib.request.Request(  # noqa: S310 - the caller's own stand-in
            f"{self.control_url}{path}{'?' if words else ''}{words}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=verb,
        )
        with opener.open(request, timeout=REQUEST_S) as response:
            return json.load(response)

    def add_bot(self, token: str, username: str) -> None:
        """Let a token be a bot's."""
        self.call("POST", "/control/bots", {"token": token, "username": username})

    def say(self, username: str, text: str, chat_id: int = 4242) -> dict[str, Any]:
        """Write to a bot as a user."""
        body = {"username": username, "text": text, "chat_id": chat_id}
        said: dict[str, Any] = self.call("POST", "/control/say", body)
        return said

    @contextmanager
    def load(self, username: str, text: str, per_second: float) -> Iterator[None]:
        """Have users write to a bot at a steady pace meanwhile."""
        body = {"username": username, "text": text, "per_second": per_second}
        self.call("POST", "/control/load", body)
        try:
            yield
        finally:
            self.call("DELETE", "/control/load", username=username)

    def said(self, username: str) -> list[dict[str, Any]]:
        """Return what users wrote under the last load, each {"text", "update_id", "at"}."""
        return list(self.call("GET", "/control/load", username=username)["said"])

    def answers_cursor(self) -> int:
        """Return the cursor behind which answers are still to come."""
        return int(self.call("GET", "/control/answers", chat_id=-1)["cursor"])

    def answers(self, username: str, since: int) -> list[dict[str, Any]]:
        """Return what a bot sent after a cursor."""
        return list(self.call("GET", "/control/answers", username=username, since=since)["answers"])

    def log_cursor(self) -> int:
        """Return a cursor from which on the log shows what is in flight now and what comes."""
        return int(self.call("GET", "/control/log", username="-")["cursor"])

    def polls(self, username: str, since: int) -> list[dict[str, Any]]:
        """Return the log's entries of a bot's polls after a cursor."""
        found = self.call("GET", "/control/log", username=username, method="getUpdates", since=since)
        return list(found["log"])

    def summary(self, username: str) -> dict[str, Any]:
        """Return the account of a bot's polls, see the stand-in's README."""
        found: dict[str, Any] = self.call("GET", "/control/polls", username=username)
        return found

    def wait_until_answered(self, username: str, since: int, seconds: float, prefix: str) -> bool:
        """Wait until every text of the last load was answered.

        False when some weren't in that time, or nothing came any more for QUIET_S seconds.
        """
        deadline = time.monotonic() + seconds
        last, last_at = -1, 0.0
        wanted = {one["text"] for one in self.said(username)}
        while True:
            found = self.answers(username, since)
            texts = (str(one["text"]) for one in found)
            now = time.monotonic()
            if len(found) != last:
                last, last_at = len(found), now
            if wanted <= {text.rpartition(" | ")[0] for text in texts if text.startswith(prefix)}:
                return True
            if now > deadline or now - last_at > QUIET_S:
                return False
            time.sleep(0.2)
