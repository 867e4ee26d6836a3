"""The dashboard comes to a Grafana once, and again when it has changed."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_run import ansible_playbook
from rendered import ROLE

TOKEN = "glsa_a-token-of-a-service-account"  # noqa: S105 - made up


class Grafana(ThreadingHTTPServer):
    """Grafana's API for dashboards, which adds to what it is given."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.writes = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers as Grafana does."""

    server: Grafana

    def do_GET(self) -> None:
        found = self.server.dashboards.get(self.path.removeprefix("/api/dashboards/uid/"))
        self.answer(
            404 if found is None else 200, {"dashboard": found} if found else {"message": "not found"}
        )

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        dashboard, grafana = asked["dashboard"], self.server
        if asked["overwrite"] and self.path == "/api/dashboards/db":
            grafana.writes += 1
            grafana.dashboards[dashboard["uid"]] = dashboard | {"id": 7, "version": grafana.writes}
        self.answer(200, {"status": "success", "uid": dashboard["uid"]})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
        text = json.dumps(body if allowed else {"message": "Invalid API key"}).encode()
        self.send_response(status if allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *arguments: object) -> None:
        del format, arguments


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with Grafana() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def bring(grafana: Grafana, folder: Path, token: str = TOKEN) -> tuple[int, int, str]:
    """Run the tasks; returns the exit code, how many changed something, and what was said."""
    inputs = {"monitoring_grafana_url": grafana.url, "monitoring_grafana_token": token}
    book = Path(__file__).with_name("grafana.yml")
    done = ansible_playbook(folder, book, "-i", "grafana.example.com,", "-e", json.dumps(inputs), "-vvv")
    assert token not in done.stdout + done.stderr
    changed = re.search(r"changed=(\d+)", done.stdout)
    assert changed, done.stdout + done.stderr
    return done.returncode, int(changed[1]), done.stdout + done.stderr


def test_dashboard_comes_once(grafana: Grafana, tmp_path: Path) -> None:
    assert bring(grafana, tmp_path)[:2] == (0, 1)
    dashboard = json.loads((ROLE / "files/dashboard.json").read_text())
    kept = grafana.dashboards[dashboard["uid"]]
    assert kept["panels"] == dashboard["panels"]
    assert bring(grafana, tmp_path)[:2] == (0, 0)
    kept["tags"] = ["aisha", "revision-of-before"]
    assert bring(grafana, tmp_path)[:2] == (0, 1)
    assert grafana.writes == 2


def test_refused_token_fails(grafana: Grafana, tmp_path: Path) -> None:
    code, _changed, said = bring(grafana, tmp_path, "glsa_another-one")
    assert code != 0
    assert (
        f"Grafana {grafana.url}: expected it to take the dashboard Bot cluster; found: Status code was 401"
        in said
    )
    assert grafana.dashboards == {}
