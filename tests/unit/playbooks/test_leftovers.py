"""What a run names of a deployment by hand that it has taken over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_run import ROOT
from playing import play

TEMPLATE = ROOT / "playbooks/templates/leftovers.j2"


def container(name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {"Names": [f"/{name}"], "Labels": labels or {}, "State": "exited"}


def test_only_this_cluster_s_containers_are_named(tmp_path: Path) -> None:
    names = ["aisha-worker-1-by-hand-1", "aisha-nginx-prod-by-hand-2"]
    others = ["aisha-staging-worker-1-by-hand-3", "aisha-worker-1", "shop-worker-1-by-hand-4"]
    left = {"containers": [*map(container, names + others)], "networks": [], "volumes": []}
    variables = tmp_path / "variables.json"
    variables.write_text(json.dumps({"cluster_name": "aisha", "cluster_left": left}))
    text = "{{ lookup('ansible.builtin.template', '" + str(TEMPLATE) + "') }}"
    done = play(tmp_path, "ansible.builtin.debug", {"msg": text}, "-e", f"@{variables}")
    assert done.code == 0, done.printed
    said = str(done.result["msg"])
    assert [line.split()[-1] for line in said.splitlines() if line.startswith("  container")] == sorted(names)
    assert not [name for name in others if f"{name}\n" in said or f"{name} " in said]
