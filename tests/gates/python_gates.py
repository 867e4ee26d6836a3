"""The gates for Python: form and types."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from workspace import BIN, CACHE, LINK, ROOT, SHARED_CACHE, SITE_PACKAGES, Job, python_files


def ruff(job: Job) -> None:
    """Faults and form of all Python."""
    scripts = [path for path in python_files() if path.suffix != ".py"]
    job.run("ruff", "check", "--output-format=concise", ".", *scripts)
    job.run("ruff", "format", "--check", "--output-format=concise", ".", *scripts)


@dataclass(frozen=True)
class Program:
    """Python that runs by itself, and so has imports of its own.

    Args:
        name: for people.
        parts: folders of its files, from the root.
        path: folders that are on sys.path when it runs, from the root.
        requirements: file of the packages that it runs with, where they aren't the tools'.
        options: of mypy.
    """

    name: str
    parts: tuple[str, ...]
    path: tuple[str, ...] = ()
    requirements: str = ""
    options: tuple[str, ...] = ()


_COLLECTIONS = str(LINK.parents[2])
_POLLGUARD = "roles/bot_cluster/files/pollguard/app"
_SERVICE_CHECK = "roles/external_services/files/service_check"
_APP = "examples/reference_app"
PROGRAMS = (
    Program(
        "reference-app", (_APP,), (_APP, f"{_APP}/tests", "tests/unit/support"), f"{_APP}/requirements.txt"
    ),
    Program(
        "pollguard",
        (_POLLGUARD, "tests/unit/pollguard"),
        (_POLLGUARD, "tests/unit/pollguard", "tests/unit/support"),
    ),
    Program("service-check", (_SERVICE_CHECK,), (), f"{_SERVICE_CHECK}/requirements.txt"),
    Program(
        "lab",
        (
            "tests/lab",
            "tests/faults",
            "tests/updates",
            "tests/unit/standin",
            "tests/unit/faults",
            "tests/unit/updates",
            "molecule",
            "benchmarks",
        ),
        ("tests/lab", "tests/faults", "tests/faults/bots", "tests/updates", "benchmarks"),
    ),
    Program("monitoring", ("tests/unit/monitoring",), ("tests/unit/monitoring", "tests/unit/support")),
    Program("roles", ("tests/roles",), ("tests/roles", "tests/unit/support", "tests/lab")),
    Program("awx", ("tests/awx",), ("tests/awx",)),
    # Whatever is in no other: the collection's own. ansible-core comes without types.
    Program(
        "collection",
        ("",),
        (_COLLECTIONS, "tests/gates", "tests/three_ways", "tests/unit/support"),
        "",
        ("--disable-error-code=import-untyped",),
    ),
)


def mypy(job: Job) -> None:
    """Types of all Python, each program among the packages that it runs with."""
    left = list(python_files())
    for program in PROGRAMS:
        own = [path for path in left if str(path).startswith(program.parts)]
        left = [path for path in left if path not in own]
        if not own:
            continue
        job.run(
            "mypy",
            "--explicit-package-bases",
            "--scripts-are-modules",
            f"--python-executable={_interpreter(job, program)}",
            f"--cache-dir={CACHE / 'mypy' / program.name}",
            *program.options,
            *map(_as_imported, own),
            MYPYPATH=os.pathsep.join(program.path),
        )


def _as_imported(path: Path) -> Path:
    """A plugin by the way on which others import it, so that it isn't two modules."""
    return LINK / path if path.parts[0] == "plugins" else path


def _interpreter(job: Job, program: Program) -> Path:
    """Python with the program's packages, and the tools' behind them (pytest and its kind)."""
    if not program.requirements:
        return BIN / "python"
    wanted = (ROOT / program.requirements).read_bytes() + str(SITE_PACKAGES).encode()
    home = SHARED_CACHE / f"{program.name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    done = home / "complete"
    if not done.exists():
        job.run(BIN / "python", "-m", "venv", "--clear", home)
        pip = (home / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check")
        if job.run(*pip, "install", "--requirement", program.requirements):
            site = next(home.glob("lib/python*/site-packages"))
            (site / "tools.pth").write_text(f"{SITE_PACKAGES}\n")
            done.touch()
    return home / "bin/python"
