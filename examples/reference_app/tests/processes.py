"""Processes under test and the stand-in's control API."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TIMEOUT = 20.0


class Zygote:
    """Where processes come from; see zygote.py."""

    def __init__(self, python: Path, app: Path) -> None:
        self._popen = subprocess.Popen(
            [python, Path(__file__).with_name("zygote.py")],
            env=os.environ | {"PYTHONPATH": str(app)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: Sequence[object], environment: Mapping[str, str], log: Path) -> int:
        """Start a command and return its process id."""
        order = {
            "arguments": [str(part) for part in arguments],
            "environment": {"PATH": os.environ["PATH"], **environment},
            "log": str(log),
        }
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(json.dumps(order) + "\n")
        self._popen.stdin.flush()
        return int(self._popen.stdout.readline())

    def stop(self) -> None:
        self._popen.communicate(timeout=TIMEOUT)


class Process:
    """A command of the application, which writes to a file and ends with the test."""

    def __init__(self, name: str, pid: int, log: Path) -> None:
        self.name = name
        self.pid = pid
        self.url = ""
        self._log = log
        self._exit = Path(f"{log}.exit")

    def output(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for(self, text: str, timeout: float = TIMEOUT) -> str:
        """Wait for a line that holds ``text`` and return it."""
        deadline = time.monotonic() + timeout
        while True:
            for line in self.output().splitlines():
                if text in line:
                    return line
            assert not self._exit.exists(), f"{self.name} has ended: {self.output()[-2000:]}"
            assert time.monotonic() < deadline, f"{self.name} never said {text!r}: {self.output()[-2000:]}"
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def term(self) -> None:
        self.signal(signal.SIGTERM)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait for the end and return the exit code."""
        deadline = time.monotonic() + timeout
        while not (self._exit.exists() and self._exit.read_text()):
            assert time.monotonic() < deadline, f"{self.name} doesn't end: {self.output()[-2000:]}"
            time.sleep(0.02)
        return int(self._exit.read_text())

    def stop(self) -> None:
        if not self._exit.exists():
            self.signal(signal.SIGKILL)
            self.wait()


class Standin:
    """The stand-in Bot API and fal.ai."""

    def __init__(self, api_url: str, control_url: str) -> None:
        self.api_url = api_url
        self.control_url = control_url

    def add_bot(self, token: str, username: str) -> None:
        self.post("bots", {"token": token, "username": username})

    def post(self, what: str, body: Mapping[str, object]) -> dict[str, Any]:
        return self._request("POST", what, body)

    def get(self, what: str) -> dict[str, Any]:
        return self._request("GET", what)

    def drop_updates(self, token: str) -> None:
        """Forget what no poller has confirmed, by the Bot API's own means."""
        url = f"{self.api_url}/bot{token}/deleteWebhook?drop_pending_updates=true"
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - the stand-in
            assert json.load(answer)["ok"]

    def heal(self) -> None:
        self._request("DELETE", "fail")

    def deliver(self, url: str, **what: object) -> dict[str, Any]:
        """Have fal.ai deliver a result to a webhook API; its answer is parsed where it is JSON."""
        answer = self.post("fal/deliver", {"url": f"{url}/api/v1/avatar/status_update", **what})
        try:
            answer["json"] = json.loads(answer["body"])
        except ValueError:
            answer["json"] = None
        return answer

    def texts(self, username: str, chat_id: int, count: int, timeout: float) -> list[str]:
        """The texts that a bot has sent to a chat, once there are ``count`` of them."""
        deadline = time.monotonic() + timeout
        cursor, found = 0, list[str]()
        while len(found) < count:
            left = deadline - time.monotonic()
            assert left > 0, f"{len(found)} of {count} answers: {found}"
            query = f"answers?username={username}&chat_id={chat_id}&since={cursor}&timeout={left:.2f}"
            answer = self.get(query)
            found += [entry["text"] for entry in answer["answers"] if entry["method"] == "sendMessage"]
            cursor = answer["cursor"]
        return found

    def _request(self, method: str, what: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.control_url}/control/{what}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            found: dict[str, Any] = json.load(response)
            return found


def wait_for_port(port: int, process: Process | None = None) -> None:
    """Wait until someone listens on a local port."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            said = process.output()[-2000:] if process else ""
            assert time.monotonic() < deadline, f"nobody listens on port {port}: {said}"
            time.sleep(0.02)
        else:
            return
