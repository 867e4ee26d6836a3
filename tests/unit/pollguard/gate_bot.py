"""A bot as COMMAND in gate mode: polls TELEGRAM_API_URL and answers each message in a thread of its own.

Run as `python -I -S -E gate_bot.py FOLDER [OPTIONS]`; appends what happens to FOLDER/events. On TERM it exits
at once and drops what it has, as frameworks do.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit


class Bot:
    """Options: `handler`, `timeout` and `pause` between polls (seconds), `polls-for` (seconds; 0: never),
    `drops` (the queue, at the start), `api` (instead of TELEGRAM_API_URL), `crash-after` (seconds), `code`,
    `in-turn` (polls again when it has answered), `offset` (of the first poll), `around` (an address to which
    it keeps a connection as well)."""

    def __init__(self, folder: str, options: dict[str, str]) -> None:
        self.name = os.environ.get("INSTANCE_ID", "?")
        self.events = os.open(f"{folder}/events", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.options = options
        self.api = urlsplit(options.get("api") or os.environ["TELEGRAM_API_URL"])
        self.path = f"/bot{os.environ['TELEGRAM_BOT_TOKEN']}"

    def tell(self, event: str, **details: object) -> None:
        at = time.clock_gettime(time.CLOCK_BOOTTIME)
        line = {"event": event, "name": self.name, "pid": os.getpid(), "at": at, **details}
        os.write(self.events, json.dumps(line).encode() + b"\n")

    def connect(self) -> http.client.HTTPConnection:
        assert self.api.hostname
        return http.client.HTTPConnection(self.api.hostname, self.api.port, timeout=60)

    def call(self, connection: http.client.HTTPConnection, method: str, **parameters: object) -> Any:
        headers = {"Content-Type": "application/json", "User-Agent": f"gate-bot ({self.name})"}
        connection.request("POST", f"{self.path}/{method}", json.dumps(parameters), headers)
        answer = json.load(connection.getresponse())
        if not answer["ok"]:
            raise OSError(answer["description"])
        return answer["result"]

    def run(self) -> int:
        self.tell("start")
        signal.signal(signal.SIGTERM, self.on_term)
        if "crash-after" in self.options:
            threading.Thread(target=self.crash, daemon=True).start()
        if "drops" in self.options:
            self.call(self.connect(), "deleteWebhook", drop_pending_updates=True)
            self.tell("dropped")
        if "around" in self.options:
            around = urlsplit(self.options["around"])
            assert around.hostname
            direct = http.client.HTTPConnection(around.hostname, around.port)
            direct.connect()
        end = time.monotonic() + float(self.options.get("polls-for", "3600"))
        connection, offset = self.connect(), int(self.options.get("offset", "0"))
        while time.monotonic() < end:
            try:
                timeout = int(self.options.get("timeout", "10"))
                updates = self.call(connection, "getUpdates", offset=offset, timeout=timeout)
            except (OSError, http.client.HTTPException) as error:
                self.tell("trouble", error=str(error))
                connection.close()
                time.sleep(0.05)
                continue
            time.sleep(float(self.options.get("pause", "0")))
            for update in updates:
                offset = update["update_id"] + 1
                self.tell("got", update=update["update_id"])
                if "in-turn" in self.options:
                    self.answer(update["message"])
                else:
                    threading.Thread(target=self.answer, args=(update["message"],), daemon=True).start()
        while True:
            time.sleep(3600)

    def answer(self, message: dict[str, Any]) -> None:
        time.sleep(float(self.options.get("handler", "0")))
        text = f"{message['text']} | {self.name}"
        try:
            self.call(self.connect(), "sendMessage", chat_id=message["chat"]["id"], text=text)
        except (OSError, http.client.HTTPException) as error:
            self.tell("unanswered", error=str(error))

    def crash(self) -> None:
        time.sleep(float(self.options["crash-after"]))
        os._exit(int(self.options.get("code", "3")))

    def on_term(self, *_: object) -> None:
        self.tell("term")
        os._exit(0)


if __name__ == "__main__":
    words = (argument.removeprefix("--").partition("=") for argument in sys.argv[2:])
    sys.exit(Bot(sys.argv[1], {name: value for name, _, value in words}).run())
