"""Each alert, with figures that bring it and with figures that mustn't, judged by Prometheus itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from other_cases import OTHERS
from polling_cases import POLLING
from rendered import DEFAULTS, ROOT, Written, check

CASES = POLLING | OTHERS
RUNBOOKS = DEFAULTS["monitoring_runbook_url"]


def rules(written: Written) -> dict[str, dict[str, Any]]:
    groups = written.yaml("one-rules.yml")["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if group["name"] != "own"}


def test_each_alert_has_cases_both_ways_and_a_page(written: Written) -> None:
    alerts = rules(written)
    assert set(CASES) == set(alerts)
    for name, rule in alerts.items():
        assert {bool(case.told) for case in CASES[name]} == {True, False}, name
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}/{name}.md"
        page = ROOT / "docs/alerts" / f"{name}.md"
        assert page.read_text().startswith(f"# {name}\n")
        assert f"({name}.md)" in (page.parent / "README.md").read_text()
    assert {page.stem for page in (ROOT / "docs/alerts").glob("*.md")} == {"README", *alerts}


def test_runbooks_are_a_part_of_the_published_documentation() -> None:
    documentation = yaml.safe_load((ROOT / "galaxy.yml").read_text())["documentation"]
    assert f"{documentation}/alerts" == RUNBOOKS
    assert RUNBOOKS.startswith("https://")


@pytest.mark.parametrize("name", CASES)
def test_alert(name: str, written: Written, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(written.text("one-rules.yml"))
    tests = []
    for case in CASES[name]:
        expected = [
            {**one, "exp_annotations": one["exp_annotations"] | {"runbook_url": f"{RUNBOOKS}/{name}.md"}}
            for one in case.told
        ]
        tests.append(
            {
                "name": case.name,
                "interval": "10s",
                "input_series": [{"series": key, "values": value} for key, value in case.series.items()],
                "alert_rule_test": [{"eval_time": case.at, "alertname": name, "exp_alerts": expected}],
            }
        )
    # JSON is YAML.
    written_tests = {"rule_files": ["rules.yml"], "evaluation_interval": "10s", "tests": tests}
    (tmp_path / "tests.yml").write_text(json.dumps(written_tests))
    done = check(tmp_path, "promtool", "monitoring_prometheus_image", "test", "rules", "tests.yml")
    assert done.returncode == 0, done.stdout + done.stderr
