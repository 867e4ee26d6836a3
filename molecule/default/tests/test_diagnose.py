"""One archive tells all of a cluster and no secret; logs are followed; what isn't needed goes."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from lab_client import ROOT, SETTINGS, Lab

# What the lab's variables say of its own hosts alone.
UNKNOWN = ("telegram_api_url", "telegram_bot_token", "database_url", "redis_url", "s3_secret_key")
COMPONENTS = {
    "webhook-api": "aisha-webhook-api-[12]",
    "bot-polling": "aisha-bot-polling-[12]",
    "worker": "aisha-worker-1",
    "nginx": "aisha-nginx-prod",
}


def written(secret: str) -> set[str]:
    """In how many ways a secret may stand there."""
    return {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")}


Leaks = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def leaks(lab: Lab) -> Leaks:
    """Return what tells the secrets that are in a text."""
    secrets = {secret: written(secret) for secret in lab.secrets()}
    return lambda text: [secret for secret, forms in secrets.items() if any(form in text for form in forms)]


@pytest.fixture(scope="module")
def diagnosis(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Run it once, with a host that is down; returns what was said, and the folder of the reports."""
    folder = tmp_path_factory.mktemp("diagnosis")
    unknown = " ".join(f"{name}=''" for name in UNKNOWN)
    (folder / "gone").write_text(
        f"[bot_cluster]\naisha-gone ansible_host=127.0.0.1 ansible_port=9 {unknown}\n"
    )
    done = lab.playbook(
        "diagnose.yml", "-v", "-i", str(folder / "gone"), f"-ediagnose_dir={folder / 'reports'}"
    )
    assert done.returncode == 0, done.stdout
    return done.stdout + done.stderr, folder / "reports"


@pytest.fixture(scope="module")
def collected(diagnosis: tuple[str, Path]) -> dict[str, str]:
    """The archive's files, by name below its one folder."""
    (path,) = diagnosis[1].iterdir()
    assert re.fullmatch(r"cluster-\d{8}T\d{6}Z\.tar\.gz", path.name)
    assert path.stat().st_mode & 0o777 == 0o600
    files = {}
    with tarfile.open(path) as archive:
        for entry in archive:
            folder, _slash, name = entry.name.partition("/")
            assert folder == path.name.removesuffix(".tar.gz")
            content = archive.extractfile(entry)
            assert content is not None
            files[name] = content.read().decode()
    return files


def test_the_archive_has_what_the_documentation_says(collected: dict[str, str], lab: Lab) -> None:
    page = (ROOT / "docs" / "diagnose.md").read_text()
    documented = re.findall(r"^\| `(summary\.txt|HOST/[^`]+)` \|", page, re.MULTILINE)
    assert len(documented) > 10
    for pattern in documented:
        expression = re.escape(pattern).replace("HOST", "aisha-one").replace("NAME", "[^/]+")
        assert [name for name in collected if re.fullmatch(expression, name)], pattern
    names = lab.host("aisha-one").check_output("docker ps -a --format '{{.Names}}'").split()
    for name in names:
        assert f"aisha-one/containers/{name}.json" in collected
        assert f"aisha-one/logs/{name}.log" in collected


def test_it_tells_what_counts(collected: dict[str, str]) -> None:
    active = [
        one["name"] for one in json.loads(collected["aisha-one/pollers.json"]) if one["role"] == "active"
    ]
    assert len(active) == 1
    reached = json.loads(collected["aisha-one/host/reachability.json"])
    assert {one["name"] for one in reached} >= {"Bot API", "PostgreSQL", "Redis", "S3", "registry"}
    assert [one for one in reached if one["problem"] or one["connect_ms"] is None] == []
    assert "upstream webhook_api {" in collected["aisha-one/nginx/aisha-nginx-prod.conf"]
    assert '"event": "finished"' in collected["aisha-one/releases/audit.log"]
    container = json.loads(collected["aisha-one/containers/aisha-worker-1.json"])
    assert re.search(r"@sha256:[0-9a-f]{64}$", container["Config"]["Image"])
    environment = dict(line.split("=", 1) for line in container["Config"]["Env"])
    assert environment["POSTGRES_PASSWORD"] == environment["TELEGRAM_BOT_TOKEN"] == "***"  # noqa: S105 - a mask
    assert environment["DATABASE_URL"] == "postgresql://aisha:***@aisha-postgresql:5432/aisha"
    assert "worker started" in collected["aisha-one/logs/aisha-worker-1.log"]


def test_a_host_that_is_down_is_told_and_the_rest_collected(
    collected: dict[str, str], diagnosis: tuple[str, Path]
) -> None:
    assert re.search(
        r"^- aisha-gone: nothing was collected\. .*refused", collected["summary.txt"], re.MULTILINE
    )
    assert re.search(r"^- aisha-one: \d{2} files$", collected["summary.txt"], re.MULTILINE)
    assert "- aisha-gone: nothing was collected." in diagnosis[0]


def test_no_secret_is_in_it(
    lab: Lab, collected: dict[str, str], diagnosis: tuple[str, Path], leaks: Leaks
) -> None:
    assert leaks(diagnosis[0]) == []
    assert {name: leaks(text) for name, text in collected.items() if leaks(text)} == {}
    # They were given to those whose environment is told: it isn't that there was nothing to mask.
    told = lab.host("aisha-one").check_output("docker inspect aisha-worker-1")
    assert len(leaks(told)) >= 4


def test_nothing_is_left_on_the_host(lab: Lab, collected: dict[str, str]) -> None:
    left = lab.host("aisha-one").check_output("find /tmp /var/tmp /root -name '*diagnosis*'")
    assert (left, bool(collected)) == ("", True)


@pytest.fixture
def stopped(lab: Lab) -> Iterator[None]:
    """A stopped container that is needed no more, one that may be, and one of somebody else's."""
    host = lab.host("aisha-one")
    image = host.check_output("docker inspect --format '{{.Config.Image}}' aisha-worker-1")
    run = "docker create --entrypoint true"
    label = "--label aisha.cluster=aisha --label aisha.component"
    host.check_output(f"{run} --name aisha-old-trial {label}=trial {image}")
    host.check_output(f"{run} --name aisha-stopped {label}=worker {image}")
    host.check_output(f"{run} --name foreign {image}")
    yield
    host.run("docker rm -f aisha-old-trial aisha-stopped foreign")


@pytest.mark.usefixtures("stopped")
def test_what_is_stopped_and_needed_no_more_is_pruned(lab: Lab, leaks: Leaks) -> None:
    host = lab.host("aisha-one")

    def there() -> set[str]:
        return set(host.check_output("docker ps -a --format '{{.Names}}'").split())

    before = there()
    foreseen = lab.playbook("diagnose.yml", "--tags", "prune", "--check")
    assert foreseen.returncode == 0, foreseen.stdout
    assert "container aisha-old-trial (created) would be removed" in foreseen.stdout
    assert there() == before
    done = lab.playbook("diagnose.yml", "--tags", "prune")
    assert done.returncode == 0, done.stdout
    assert "container aisha-old-trial (created) removed" in done.stdout
    # A part of the cluster that is stopped isn't one that is needed no more.
    assert "aisha-stopped kept: it is a part of the cluster" in done.stdout
    assert there() == before - {"aisha-old-trial"}
    assert "lock.json" not in host.check_output("ls /opt/aisha")
    assert leaks(foreseen.stdout + done.stdout) == []


def test_logs_are_followed_until_they_are_interrupted(lab: Lab, leaks: Leaks) -> None:
    """A line of each component is shown at once, and one that is written meanwhile; Ctrl-C ends it."""
    lab.get("/health")
    wanted = f"/{uuid.uuid4().hex}"
    command = ["ansible-playbook", "playbooks/logs.yml", "-i", str(lab.inventory), "-elogs_follow_for=40"]
    seen = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | SETTINGS,
        text=True,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        waiting = dict(COMPONENTS)
        for line in run.stdout:
            seen += line
            for component, name in list(waiting.items()):
                if re.match(rf"\d\d:\d\d:\d\d\.\d{{3}} aisha-one/{name} \| ", line):
                    del waiting[component]
                    if not waiting:
                        lab.get(wanted)
            if wanted in line:
                break
        else:
            pytest.fail(f"without {[*waiting]} and {wanted}: {seen}")
        run.stdout.close()
        os.killpg(run.pid, signal.SIGINT)
        try:
            run.wait(5)
        except subprocess.TimeoutExpired:
            # Now and then Ansible waits for a worker that it has ended itself; whoever waits presses again.
            os.killpg(run.pid, signal.SIGINT)
        assert run.wait(5) != 0
    assert leaks(seen) == []


def test_logs_of_one_component_and_pattern(lab: Lab) -> None:
    done = lab.playbook(
        "logs.yml", "-elogs_component=worker", "-elogs_grep=worker.started", "-elogs_follow_for=0"
    )
    assert done.returncode == 0, done.stdout
    shown = [line for line in done.stdout.splitlines() if re.match(r"\d\d:\d\d:\d\d\.", line)]
    assert shown
    assert [line for line in shown if "/aisha-worker-" not in line or "worker started" not in line] == []


def test_a_component_that_is_not_there_is_told(lab: Lab) -> None:
    done = lab.playbook("logs.yml", "-elogs_component=wroker", "-elogs_follow_for=0")
    assert done.returncode != 0
    assert "expected instances of wroker on aisha-one, found none" in " ".join(done.stdout.split())
