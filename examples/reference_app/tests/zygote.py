"""Starts the application's commands without the seconds that imports take: imports, then forks for each.

An order is a line of JSON on stdin: ``arguments``, ``environment`` and ``log``; the answer is the process id.
The exit code of a process goes to its log's name with ``.exit``.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
import traceback
from pathlib import Path
from typing import Any

# Not app.main, which looks at the environment when it is imported.
for module in (
    "app.bot.polling",
    "app.worker",
    "app.migrate",
    "app.intake",
    "app.signature",
    "fastapi",
    "uvicorn",
):
    importlib.import_module(module)


def run(order: dict[str, Any]) -> int:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(number, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    program, *arguments = order["arguments"]
    try:
        if program == "uvicorn":
            importlib.import_module("uvicorn.main").main(arguments, prog_name="uvicorn")
            return 0
        code: int = importlib.import_module("app.__main__").main(arguments)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except BaseException:
        traceback.print_exc()
        return 1
    return code


def reap(logs: dict[int, str]) -> None:
    while logs:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        Path(f"{logs.pop(pid)}.exit").write_text(str(os.waitstatus_to_exitcode(status)))


def main() -> None:
    logs: dict[int, str] = {}
    while True:
        reap(logs)
        if not select.select([sys.stdin], [], [], 0.02)[0]:
            continue
        line = sys.stdin.readline()
        if not line:
            return
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            code = run(order)
            sys.stdout.flush()
            os._exit(code)
        logs[pid] = order["log"]
        print(pid, flush=True)


if __name__ == "__main__":
    main()
