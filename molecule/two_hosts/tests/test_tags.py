"""A tag brings its part of an awkward inventory: Sentinels, special characters, an IPv6 address."""

from __future__ import annotations

from lab_client import Lab

HOSTS = ("aisha-a", "aisha-b")


def running(lab: Lab, host: str) -> str:
    """Return each running container of a host by name, with its identity."""
    listed = "lab-docker ps --no-trunc --format '{{.Names}} {{.ID}}' | sort"
    return str(lab.host(host).check_output(listed))


def test_a_tag_brings_its_part_and_leaves_the_others(lab: Lab) -> None:
    body = b"x" * (2 * 1024 * 1024)
    before = [running(lab, host) for host in HOSTS]
    # The application refuses it for lack of a signature.
    assert lab.post("/api/v1/avatar/status_update", body).status_code == 401
    # The update that comes next takes the limit away again.
    done = lab.playbook("site.yml", "--tags", "nginx", "-enginx_body_limit=1m")
    assert done.returncode == 0, done.stdout[-3000:]
    assert lab.post("/api/v1/avatar/status_update", body).status_code == 413
    assert [running(lab, host) for host in HOSTS] == before
    assert "left with" not in done.stdout
    secrets = lab.secrets()
    assert [secret for secret in secrets if secret in done.stdout + done.stderr] == []
