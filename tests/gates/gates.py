"""What every change passes before it is looked at: tests/gates/run [--list] [--jobs N] [GATE…].

Each gate prints one line; what its tools said stands in .cache/gates/GATE.log, and is shown when it fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import content_gates
import leaks
import python_gates
import role_specs
from workspace import CACHE, ROOT, Job

# In the order in which they are started: what takes longest comes first.
GATES: dict[str, Callable[[Job], None]] = {
    "sanity": content_gates.sanity,
    "mypy": python_gates.mypy,
    "ansible-lint": content_gates.ansible_lint,
    "galaxy-importer": content_gates.galaxy_importer,
    "antsibull-docs": content_gates.antsibull_docs,
    "syntax-check": content_gates.syntax_check,
    "yamllint": content_gates.yamllint,
    "role-specs": role_specs.gate,
    "ruff": python_gates.ruff,
    "leaks": leaks.gate,
    "changelog": content_gates.changelog,
}


def run(name: str) -> tuple[bool, float]:
    """Run one gate; returns whether it passed and its seconds."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"gate-{name}-") as folder:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        said = Path(folder) / "log"
        with said.open("w") as log:
            job = Job(log, scratch)
            try:
                GATES[name](job)
            except Exception:
                # One gate that breaks must not hide what the others say.
                job.fail(traceback.format_exc())
        # Put there in one step, since two runs may be at work.
        kept = log_of(name).with_suffix(f".{os.getpid()}")
        shutil.copyfile(said, kept)
        kept.replace(log_of(name))
    return not job.failed, time.monotonic() - started


def log_of(name: str) -> Path:
    return CACHE / f"{name}.log"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/gates/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GATE", help="all when none is named")
    parser.add_argument("--list", action="store_true", help="name the gates and stop")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at once (2)")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(GATES))
        return 0
    unknown = [name for name in arguments.names if name not in GATES]
    if unknown:
        parser.error(f"no gate {', '.join(unknown)}; there are {', '.join(GATES)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    failed = []
    started = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        running = {
            pool.submit(run, name): name for name in GATES if name in arguments.names or not arguments.names
        }
        for future in as_completed(running):
            name = running[future]
            passed, seconds = future.result()
            print(f"{'ok    ' if passed else 'FAILED'} {name:<16} {seconds:6.1f} s", flush=True)
            if not passed:
                failed.append(name)
                print(log_of(name).read_text(errors="replace"), flush=True)
    seconds = time.monotonic() - started
    logs = CACHE.relative_to(ROOT)
    print(f"{len(running) - len(failed)} passed, {len(failed)} failed in {seconds:.0f} s; logs in {logs}")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
