"""A bot of the standard library alone: it answers each message by its text; as a worker it only waits."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from typing import Any

API = f"{os.environ.get('TELEGRAM_API_URL')}/bot{os.environ.get('TELEGRAM_BOT_TOKEN')}"


def call(method: str, **parameters: object) -> list[dict[str, Any]]:
    body = json.dumps(parameters).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{API}/{method}", body, headers)  # noqa: S310 - the guard's, by http
    with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310
        result: list[dict[str, Any]] = json.load(answer)["result"]
        return result


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if sys.argv[1:] == ["worker"]:
    signal.pause()
offset = 0
while True:
    for update in call("getUpdates", offset=offset, timeout=25):
        offset = update["update_id"] + 1
        if message := update.get("message"):
            call("sendMessage", chat_id=message["chat"]["id"], text=f"You said: {message.get('text')}")
