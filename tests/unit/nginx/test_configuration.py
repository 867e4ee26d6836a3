"""nginx.conf with and without IPv6 and replicas, as nginx itself takes it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_run import ROOT

from .conftest import CLUSTERS, MANAGED

IMAGE = yaml.safe_load((ROOT / "roles/nginx/defaults/main.yml").read_text())["nginx_image"]


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a container of the role's image, with no network but loopback's."""
    command = ["docker", "run", "--rm", "--network", "none", "--sysctl", "net.ipv6.conf.all.disable_ipv6=0"]
    command += ["-v", f"{folder}:/etc/nginx/aisha:ro", IMAGE, "sh", "-euc", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_nginx_takes_each(written: Path) -> None:
    done = run(written, "for conf in /etc/nginx/aisha/*.conf; do nginx -t -q -c $conf; done")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.stem for path in written.glob("*.conf")} == set(CLUSTERS)


@pytest.mark.parametrize(
    ("name", "listeners"),
    [
        ("usual", ["80", "[::]:80", "443", "[::]:443"]),
        ("six", ["80", "[::]:80", "443", "[::]:443"]),
        ("kernel-without-six", ["80", "443"]),
        ("four", ["80", "443"]),
        # Nothing is known of its kernel.
        ("single", ["80", "443"]),
    ],
)
def test_nginx_listens_on_ipv6_where_it_can(name: str, listeners: list[str], written: Path) -> None:
    assert re.findall(r"listen (\S+)", (written / f"{name}.conf").read_text()) == listeners


def test_replicas_at_an_ipv6_address_have_brackets(written: Path) -> None:
    text = (written / "six.conf").read_text()
    assert re.findall(r"server (\S+) max_fails", text) == [
        *("[2001:db8::7]:8001", "[2001:db8::7]:8002"),
        *("[2001:db8::7]:8002", "[2001:db8::7]:8001"),
    ]
    assert "if (-f /etc/nginx/drained/[2001:db8::7]:8001) {" in text
    replicas = json.loads((written / "six.json").read_text())
    assert [one["ports"] for one in replicas] == [["[2001:db8::7]:8001:8001"], ["[2001:db8::7]:8002:8001"]]
    assert replicas[0]["warm_url"] == "http://[2001:db8::7]:8001/health"


def test_without_replicas_webhooks_are_answered_503(written: Path) -> None:
    assert "upstream" not in (written / "none.conf").read_text()
    assert json.loads((written / "none.json").read_text()) == []
    ask = "curl -sk -o /dev/null -w '%{http_code} '"
    done = run(
        written,
        f"nginx -c /etc/nginx/aisha/none.conf > /dev/null; {ask} -X POST https://127.0.0.1/hook; "
        f"{ask} https://[::1]/hook; {ask} https://[::1]/nginx-health; {ask} http://[::1]/hook",
    )
    assert done.stdout.split(" ")[:4] == ["503", "503", "200", "308"], done.stdout + done.stderr


def test_a_note_of_several_lines_is_a_comment(written: Path) -> None:
    lines = (written / "usual.conf").read_text().splitlines()
    assert [line.removeprefix("# ") for line in lines if line.startswith("#") and len(line) > 1] == (
        MANAGED.splitlines()
    )


def test_every_template_makes_its_note_a_comment() -> None:
    templates = [path for part in ("roles", "playbooks") for path in (ROOT / part).rglob("*.j2")]
    noted = [path for path in templates if "ansible_managed" in path.read_text()]
    assert noted
    for path in noted:
        assert path.read_text().startswith("{{ ansible_managed | comment }}\n"), path
