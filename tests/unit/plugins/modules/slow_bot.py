"""A bot that answers each message with its text and its own version, or is deaf after the first."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from typing import Any

VERSION = os.environ["VERSION"]
URL = os.environ["TELEGRAM_API_URL"] + "/bot" + os.environ["TELEGRAM_BOT_TOKEN"]


def call(method: str, **body: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/{method}", json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the test's own address
        return json.load(answer)["result"]


def main() -> None:
    offset = 0
    while True:
        for update in call("getUpdates", offset=offset, timeout=10):
            offset = update["update_id"] + 1
            message = update["message"]
            call("sendMessage", chat_id=message["chat"]["id"], text=f"{message['text']} | {VERSION}")
            while VERSION == "deaf":
                time.sleep(1)


if __name__ == "__main__":
    main()
