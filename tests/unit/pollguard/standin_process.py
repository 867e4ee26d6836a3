"""The stand-in Bot API as a process, and what its record says of one bot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from pollguard_harness import wait_for

LAB = Path(__file__).resolve().parents[2] / "lab"


class Standin:
    """Runs until it is stopped; may be started again on the same ports, with nothing remembered."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.port = self.control_port = 0
        self._host = host
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        ports = ["--host", self._host, "--port", str(self.port), "--control-port", str(self.control_port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "standin", *ports],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LAB)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        # "Bot API at URL, control API at URL"
        words = self._process.stdout.readline().replace(",", "").split()
        self.port, self.control_port = (int(words[i].rpartition(":")[2]) for i in (3, 7))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def control(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        words = urllib.parse.urlencode(query)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.control_port}/{path}?{words}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=verb,
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 (this very process)
            return json.load(response)


class Account:
    """One bot at the stand-in: what users write to it, and how it fared."""

    def __init__(self, standin: Standin, token: str, username: str) -> None:
        self.standin = standin
        self.token = token
        self.username = username
        self.add()

    def add(self) -> None:
        self.standin.control("POST", "control/bots", {"token": self.token, "username": self.username})

    def remove(self) -> None:
        """Its token is revoked."""
        self.standin.control("DELETE", f"control/bots/{self.username}")

    def say(self, text: str) -> int:
        """A user writes; the update's id."""
        said = self.standin.control("POST", "control/say", {"text": text, "username": self.username})
        return int(said["update_id"])

    def fail(self, method: str, **how: object) -> None:
        self.standin.control("POST", "control/fail", {"method": method, "username": self.username, **how})

    def set_webhook(self, url: str) -> None:
        """Somebody sets a webhook; an empty URL removes it."""
        self.standin.control("POST", "control/webhook", {"url": url, "username": self.username})

    def heal(self) -> None:
        self.standin.control("DELETE", "control/fail")

    def polls(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.standin.control("GET", "control/polls", username=self.username)
        return answer

    def log(self, method: str = "getUpdates") -> list[dict[str, Any]]:
        found = self.standin.control("GET", "control/log", username=self.username, method=method)
        return list(found["log"])

    def answers(self) -> Counter[str]:
        """How often each text was answered, and by whom: `text | instance`."""
        found = self.standin.control("GET", "control/answers", username=self.username)
        return Counter(str(one["text"]) for one in found["answers"])

    def wait_answer(self, text: str, within: float = 10.0) -> str:
        """The instance that answered a text."""

        def look() -> list[str]:
            return [one for one in self.answers() if one.startswith(f"{text} | ")]

        return wait_for(look, within, f"an answer to {text!r}")[0].rpartition(" | ")[2]

    def wait_polled_by(self, name: str, since: float = 0.0, within: float = 10.0) -> float:
        """When `name` first polled after `since`, on the monotonic clock."""

        def look() -> list[float]:
            found = [one for one in self.log() if one["user_agent"].endswith(f" {name}")]
            return [one["started"] for one in found if one["started"] > since]

        return wait_for(look, within, f"{name} polls")[0]

    def start_load(self, per_second: float) -> None:
        body = {"text": "load", "per_second": per_second, "username": self.username}
        self.standin.control("POST", "control/load", body)

    def stop_load(self) -> list[str]:
        """What was written."""
        found = self.standin.control("DELETE", "control/load", username=self.username)
        return [str(one["text"]) for one in found["said"]]

    def wait_all_answered(self, said: list[str], within: float = 10.0) -> None:
        """Every text answered, and none twice."""
        assert said

        def look() -> bool:
            return {one.rpartition(" | ")[0] for one in self.answers()} >= set(said)

        wait_for(look, within, "all are answered")
        assert Counter(one.rpartition(" | ")[0] for one in self.answers().elements()) == Counter(said)


def monotonic() -> float:
    """The stand-in's clock."""
    return time.monotonic()
