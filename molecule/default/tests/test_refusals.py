"""What a host or a service has to say of an inventory: one clear message, and nothing that runs was touched.

What the inventory, its files and Telegram tell is refused in unit tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_client import ROOT, Lab

REFERENCE_APP = ROOT / "examples" / "reference_app"


def untouched(lab: Lab) -> str:
    """Return each running container with its identity and start."""
    inspect = "docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}}'"
    return str(lab.host("aisha-one").check_output(f"docker ps --quiet | xargs {inspect} | sort"))


@pytest.fixture(autouse=True)
def running_cluster_is_untouched(lab: Lab) -> Iterator[None]:
    """Compare the running containers before and after each case."""
    before = untouched(lab)
    yield
    assert untouched(lab) == before


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """Return a copy of the reference application, to be broken."""
    return Path(shutil.copytree(REFERENCE_APP, tmp_path / "application"))


def refused(lab: Lab, *arguments: str) -> str:
    """Run site.yml, which must fail; returns what it said, in one line."""
    done = lab.playbook("site.yml", *arguments)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0, said
    assert done.stdout.count("fatal: ") + done.stdout.count("failed: [") >= 1, said
    return said


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"registry_port": "22", "registry_address": "localhost:22"}, "port 22", id="registry_port_taken"
        ),
        pytest.param({"nginx_rate_limit": "0"}, "invalid rate", id="invalid_nginx_configuration"),
    ],
)
def test_a_bad_variable_stops_the_run(lab: Lab, variables: dict[str, str], expected: str) -> None:
    said = refused(lab, *(f"-e{name}={value}" for name, value in variables.items()))
    assert expected in said
    for secret in lab.secrets():
        assert len(secret) < 20 or secret.split(":")[-1] not in said


def test_a_wrong_database_password_is_named(lab: Lab) -> None:
    url = str(lab.variables("aisha-one")["database_url"])
    head, tail = url.split("@")
    said = refused(lab, f"-edatabase_url={head}wrong@{tail}")
    assert "PostgreSQL at aisha-postgresql:5432" in said
    assert "password authentication failed" in said
    assert head.split(":")[-1] not in said


def test_a_failing_build_shows_its_last_lines(lab: Lab, application: Path) -> None:
    with (application / "Dockerfile.bot").open("a") as dockerfile:
        dockerfile.write("\nUSER root\nRUN echo this-step-is-broken && false\n")
    said = refused(lab, f"-eimages_source={application}")
    assert "Dockerfile.bot" in said
    assert "this-step-is-broken" in said


def test_a_failing_migration_shows_its_last_lines(lab: Lab) -> None:
    said = refused(lab, "-e", '{"external_services_migration_command": ["no-such-command"]}')
    assert "Migration no-such-command" in said
