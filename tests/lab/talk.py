#!/usr/bin/env python3
"""The user's side of the stand-in: write to the bot, or let fal.ai deliver a result, and see the answer.

    talk.py say --text hello
    talk.py webhook --url https://127.0.0.1:8443/api/v1/avatar/status_update

The webhook's address is the one that the stand-in itself can reach, from inside its container.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

CONTROL_FILE = Path(__file__).resolve().parents[2] / ".demo" / "control_url"
ANSWER_S = 15
# A delivery itself may take 15 s.
REQUEST_S = ANSWER_S + 15


class Failure(Exception):
    """Something that the user is told in one line."""


def _control_url(given: str | None) -> str:
    url = given or os.environ.get("AISHA_STANDIN_CONTROL")
    if not url and CONTROL_FILE.is_file():
        url = CONTROL_FILE.read_text(encoding="utf-8").strip()
    if not url:
        raise Failure(f"no stand-in known: give --control, set AISHA_STANDIN_CONTROL or write {CONTROL_FILE}")
    return url.rstrip("/")


class Standin:
    """The stand-in's control API."""

    def __init__(self, url: str) -> None:
        self._url = url
        # It is on this machine: a proxy of the environment is never meant.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request: POST with a body, GET without. Raises Failure."""
        data = None if body is None else json.dumps(body).encode()
        # The address is the caller's own choice.
        request = urllib.request.Request(  # noqa: S310
            self._url + path, data, {"Content-Type": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=REQUEST_S) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            raise Failure(f"the stand-in refused: {error.read().decode(errors='replace')}") from None
        except (OSError, ValueError) as error:
            raise Failure(f"no stand-in at {self._url}: {error}") from None

    def print_answers(self, chat_id: int, cursor: int) -> None:
        """Waits for what the bot tells the user and prints it. Raises Failure when it says nothing."""
        query = urllib.parse.urlencode({"chat_id": chat_id, "since": cursor, "timeout": ANSWER_S})
        answers = self.call(f"/control/answers?{query}")["answers"]
        if not answers:
            raise Failure(f"the bot said nothing in chat {chat_id} within {ANSWER_S} s")
        for answer in answers:
            print(f"bot: {answer['text'] or '(' + answer['method'] + ')'}")


def say(standin: Standin, arguments: argparse.Namespace) -> None:
    """Writes to the bot and prints its answer."""
    said = standin.call("/control/say", {"chat_id": arguments.chat, "text": arguments.text})
    print(f"you: {arguments.text}")
    standin.print_answers(said["chat_id"], said["cursor"])


def webhook(standin: Standin, arguments: argparse.Namespace) -> None:
    """Has a signed result delivered; prints how it was received and what the user was told."""
    wanted = {"url": arguments.url, "payload": {"chat_id": arguments.chat}, "verify_tls": False}
    result = standin.call("/control/fal/deliver", wanted)
    status = result["status_code"]
    if status is None:
        raise Failure(f"{arguments.url} can't be reached from the stand-in: {result['error']}")
    print(f"webhook: {status} {result['body'].strip()} ({result['elapsed_s']:.3f} s)")
    if not 200 <= status < 300:
        raise Failure(f"the webhook was not accepted: {status}")
    standin.print_answers(arguments.chat, result["cursor"])


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--control", metavar="URL", help="the stand-in's control API")
    shared.add_argument("--chat", type=int, default=1001, metavar="N", help="as which user (%(default)s)")
    parser = argparse.ArgumentParser(prog="talk.py", description="Talk to the bot through the stand-in.")
    commands = parser.add_subparsers(required=True, metavar="say|webhook")
    command = commands.add_parser("say", parents=[shared], help="write to the bot")
    command.add_argument("--text", required=True)
    command.set_defaults(run=say)
    command = commands.add_parser("webhook", parents=[shared], help="deliver a result as fal.ai does")
    command.add_argument("--url", required=True, help="the webhook, as the stand-in reaches it")
    command.set_defaults(run=webhook)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code."""
    arguments = _arguments(argv)
    try:
        arguments.run(Standin(_control_url(arguments.control)), arguments)
    except Failure as failure:
        print(f"talk.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
