"""The gates for what Ansible and Galaxy read."""

from __future__ import annotations

import re
from pathlib import Path

from workspace import BIN, ROOT, SITE_PACKAGES, Job, export, files, shipped

# What ansible-test would download to put pip into its environments: here Python's own copy does it.
_BOOTSTRAP = '''\
"""Stands in for pip's bootstrap script, for ansible-test on machines that reach only a package index."""

import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--no-")]
subprocess.check_call([sys.executable, "-m", "pip", "install", *wanted])
'''


def sanity(job: Job) -> None:
    """ansible-test's sanity tests, on what the built collection has."""
    _bootstrap_pip()
    collection = export(job.scratch, shipped())
    job.run("ansible-test", "sanity", "--local", "--python", "3.11", "--color", "no", cwd=collection)


def _bootstrap_pip() -> None:
    source = (SITE_PACKAGES / "ansible_test/_internal/python_requirements.py").read_text()
    found = re.search(r"pip='([0-9.]+)'", source)
    if found is None:
        raise LookupError("version of pip in ansible-test's python_requirements.py: expected one, found none")
    script = Path.home() / f".ansible/test/cache/get_pip_{found[1].replace('.', '_')}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(_BOOTSTRAP)


def ansible_lint(job: Job) -> None:
    """ansible-lint with its strictest profile."""
    job.run(
        "ansible-lint",
        "--offline",
        "--nocolor",
        cwd=export(job.scratch),
        ANSIBLE_COLLECTIONS_PATH=str(job.scratch),
        # It warns where this is off.
        ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="true",
    )


def galaxy_importer(job: Job) -> None:
    """What Galaxy would say of the built collection."""
    collection = export(job.scratch)
    job.run("ansible-galaxy", "collection", "build", "--output-path", job.scratch, cwd=collection)
    job.run(
        BIN / "python",
        "-m",
        "galaxy_importer.main",
        *job.scratch.glob("*.tar.gz"),
        cwd=job.scratch,
        GALAXY_IMPORTER_CONFIG=str(ROOT / "tests/gates/galaxy-importer.cfg"),
        # The importer unpacks the collection by itself, beside these.
        ANSIBLE_COLLECTIONS_PATH=str(job.scratch),
    )
    job.log.flush()
    for line in Path(job.log.name).read_text().splitlines():
        # Its status is 0 whatever it finds wrong with the content.
        if line.startswith(("WARNING", "ERROR")):
            job.fail(f"the importer complains: {line}")


def antsibull_docs(job: Job) -> None:
    """The documentation of modules, plugins and roles, with the references in it."""
    job.run(
        "antsibull-docs",
        "lint-collection-docs",
        "--plugin-docs",
        "--validate-collection-refs=dependent",
        "--disallow-unknown-collection-refs",
        ".",
        cwd=export(job.scratch),
        ANSIBLE_COLLECTIONS_PATH=str(job.scratch),
    )


def changelog(job: Job) -> None:
    """The fragments of the changelog."""
    job.run("antsibull-changelog", "lint")


def yamllint(job: Job) -> None:
    """The form of all YAML."""
    names = [
        path
        for path in files()
        if path.suffix in (".yml", ".yaml") or path.name in (".yamllint", ".ansible-lint")
    ]
    job.run("yamllint", "--strict", *names)


def syntax_check(job: Job) -> None:
    """Each playbook, as it is found in a bare clone."""
    for playbook in sorted((ROOT / "playbooks").glob("*.yml")):
        job.run(
            "ansible-playbook",
            "--syntax-check",
            "--inventory=inventory/demo",
            playbook.relative_to(ROOT),
            ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="true",
        )
