"""Measure a deployment of the demonstration: first run, second run, and what its containers need.

Prints a table and writes benchmarks/results/deploy.json, a list of rows {what, subject, value, unit, n}.
Run it by `make bench-deploy`; it removes the demonstration first, and leaves a running one.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rows import Row, write

ROOT = Path(__file__).resolve().parent.parent
SECOND_RUNS = 3
SIX = ("webhook-api-1", "webhook-api-2", "bot-polling-1", "bot-polling-2", "worker-1", "nginx-prod")


def run(*command: str) -> str:
    """Run a command in the project's root and return its output; exits with that output when it fails."""
    done = subprocess.run(  # noqa: S603 - the commands are this file's own
        command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@dataclass(frozen=True)
class Site:
    """What one run of site.yml took; `cpu_s` is of ansible-playbook and its children."""

    seconds: float
    cpu_s: float
    changed: int
    tasks: int
    module_calls: int


def site(*options: str) -> Site:
    """Run site.yml on the demonstration. Modules are counted only with -vvv, which costs time of its own."""
    begun, used = time.monotonic(), cpu()
    output = run("ansible-playbook", "playbooks/site.yml", "-i", "inventory/demo", *options)
    seconds, cpu_s = time.monotonic() - begun, cpu() - used
    recap = re.findall(r"ok=(\d+) +changed=(\d+)", output)
    return Site(
        seconds,
        cpu_s,
        sum(int(changed) for _, changed in recap),
        sum(int(ok) for ok, _ in recap),
        output.count("Using module file "),
    )


def cpu() -> float:
    """Return the CPU seconds of this process' children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def idle_memory() -> dict[str, float]:
    """Return the resident memory of each of the six containers' processes, in MB."""
    memory = {}
    for name in (f"aisha-{instance}" for instance in SIX):
        kibibytes = run("docker", "top", name, "-eo", "pid,rss").splitlines()[1:]
        memory[name] = sum(int(line.split()[1]) for line in kibibytes) * 1.024e-3
    return memory


def main() -> None:
    """Measure, show, write."""
    os.environ.pop("TELEGRAM_BOT_TOKEN", None)
    os.environ["ANSIBLE_STDOUT_CALLBACK"] = "ansible.builtin.default"
    run("tests/lab/demo", "down")
    begun = time.monotonic()
    run("tests/lab/demo", "up")
    surroundings = time.monotonic() - begun
    first = site()
    again = [site() for _ in range(SECOND_RUNS)]
    seconds = sorted(one.seconds for one in again)
    cpu_s = sorted(one.cpu_s for one in again)
    rows = [
        Row("surroundings_s", "demo", round(surroundings, 1), "s"),
        Row("site_first_s", "demo", round(first.seconds, 1), "s"),
        Row("site_second_s", "demo", round(seconds[SECOND_RUNS // 2], 1), "s", SECOND_RUNS),
        Row("site_second_cpu_s", "demo", round(cpu_s[SECOND_RUNS // 2], 1), "s", SECOND_RUNS),
        Row("site_second_changed", "demo", max(one.changed for one in again), "tasks", SECOND_RUNS),
        Row("site_second_tasks", "demo", max(one.tasks for one in again), "tasks", SECOND_RUNS),
        Row("site_second_module_calls", "demo", site("-vvv").module_calls, "calls"),
    ]
    memory = idle_memory()
    rows += [Row("container_memory_mb", name, round(used, 1), "MB") for name, used in memory.items()]
    rows.append(Row("containers_memory_mb", "demo", round(sum(memory.values()), 1), "MB"))
    write("deploy", rows)
    for row in rows:
        print(f"{row.what:22} {row.subject:24} {row.value:>10} {row.unit}")


if __name__ == "__main__":
    main()
