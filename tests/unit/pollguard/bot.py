"""A stand-in for COMMAND. Holds an exclusive file lock while it lives, so that two at once can't hide.

Run as `python -I -S -E bot.py FOLDER [OPTIONS]`; appends what happens to FOLDER/events.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
from typing import NoReturn


def main(folder: str, options: dict[str, str]) -> int:
    """Do as `options` say until told to stop."""
    name = os.environ.get("INSTANCE_ID", "?")
    events = os.open(f"{folder}/events", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def tell(event: str, **details: object) -> None:
        at = time.clock_gettime(time.CLOCK_BOOTTIME)
        line = {"event": event, "name": name, "pid": os.getpid(), "at": at, **details}
        os.write(events, json.dumps(line).encode() + b"\n")

    # Held by the kernel until the last process that inherited it is dead.
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tell("overlap")

    def on_term(*_: object) -> NoReturn:
        tell("term")
        time.sleep(float(options.get("drain", "0")))
        tell("end")
        os._exit(int(options.get("term-code", "0")))

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf-to-term" in options else on_term)
    signal.signal(signal.SIGHUP, lambda *_: tell("hup"))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    tell("start", environment=dict(os.environ) if "tell-environment" in options else None)
    if "escape" in options:
        escape()
    if "crash-after" in options:
        time.sleep(float(options["crash-after"]))
        tell("crash")
        return int(options.get("code", "3"))
    if "connect" in options:
        stay_connected(options["connect"], float(options.get("for", "3600")))
    while True:
        time.sleep(3600)


def escape() -> None:
    """Leave a process behind that double-forked into a session of its own and ignores SIGTERM."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(3600)
        os._exit(0)
    os.wait()


def stay_connected(address: str, seconds: float) -> None:
    """Hold a connection, as a long poll does."""
    host, _, port = address.rpartition(":")
    sock = socket.create_connection((host, int(port)))
    time.sleep(seconds)
    sock.close()


if __name__ == "__main__":
    words = (argument.removeprefix("--").partition("=") for argument in sys.argv[2:])
    sys.exit(main(sys.argv[1], {name: value for name, _, value in words}))
