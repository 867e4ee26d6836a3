"""The dashboard, and that it and the rules ask for metrics that there are."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from rendered import ROLE, ROOT, Written

DASHBOARD: dict[str, Any] = json.loads((ROLE / "files/dashboard.json").read_text())
GUARD = ROOT / "roles/bot_cluster/files/pollguard/app/pollguard/status/metrics.py"
APPLICATION = ROOT / "examples/reference_app/app/metrics.py"
# What Prometheus and the exporters have; molecule/default/tests/test_monitoring.py sees that they do.
UPSTREAM = {
    "ALERTS",
    "nginx_connections_active",
    "nginx_http_requests_total",
    "node_cpu_seconds_total",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "pg_stat_activity_count",
    "pg_up",
    "probe_ssl_earliest_cert_expiry",
    "probe_success",
    "process_start_time_seconds",
    "redis_memory_used_bytes",
    "redis_up",
    "up",
}
WORDS = re.compile(r"\b[a-zA-Z_][a-zA-Z0-9_]*\b(?!\s*\()")
NOT_METRICS = {"and", "or", "unless", "on", "by", "le"}


def metrics_of(expression: str) -> set[str]:
    """Return the names of the metrics in an expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(by|on) \([^)]*\)", " ", expression)
    return set(WORDS.findall(bare)) - NOT_METRICS


def own_metrics() -> set[str]:
    """Return the names that the guard and the reference application have, as scraped."""
    nodes = (node for path in (GUARD, APPLICATION) for node in ast.walk(ast.parse(path.read_text())))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    names = {text for text in texts if re.fullmatch(r"[a-z]+(_[a-z]+)*", text)}
    return {f"{name}{end}" for name in names for end in ("", "_total", "_bucket")}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert 'cluster="$cluster"' in target["expr"]
        asked = metrics_of(target["expr"])
        assert asked, target
        assert asked <= own_metrics() | UPSTREAM


def test_rules_ask_for_what_there_is(written: Written) -> None:
    for group in written.yaml("one-rules.yml")["groups"]:
        for rule in group["rules"] if group["name"] != "own" else ():
            assert metrics_of(rule["expr"]) <= own_metrics() | UPSTREAM, rule["alert"]


def test_any_data_source_will_do() -> None:
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "cluster"]
    sources = [panel["datasource"]["uid"] for panel in panels()]
    sources += [target["datasource"]["uid"] for panel in panels() for target in panel["targets"]]
    assert set(sources) == {"${datasource}"}


def test_panels_lie_beside_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
