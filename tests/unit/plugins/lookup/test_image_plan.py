"""The lookup passes its options on; what it plans is tested in module_utils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.aisha.cluster.plugins.lookup import image_plan

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTED = yaml.safe_load(image_plan.DOCUMENTATION)["options"]


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> image_plan.LookupModule:
    """The lookup with options as Ansible gives them: those of the call, and defaults as documented."""
    options: dict[str, Any] = {}

    def set_options(lookup: object, var_options: object, direct: dict[str, Any]) -> None:
        options.update({name: option.get("default") for name, option in DOCUMENTED.items()} | direct)

    monkeypatch.setattr(image_plan.LookupModule, "set_options", set_options)
    monkeypatch.setattr(image_plan.LookupModule, "get_option", lambda lookup, name: options[name])
    return image_plan.LookupModule()


def test_every_option_reaches_the_plan(tmp_path: Path, lookup: image_plan.LookupModule) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    images = [{"name": "web"}, {"name": "bot", "target": "bot"}]
    options: dict[str, Any] = {"source": str(tmp_path), "exclude": ["app.py"], "tag": "v1", "together": True}
    web, bot = lookup.run(images, **options)
    assert [web["name"], bot["name"]] == ["web", "bot"]
    assert web["context"] == bot["context"] == str(tmp_path)
    assert web["tags"] == bot["tags"]
    assert web["tags"][1] == "v1"
    changes: list[dict[str, Any]] = [
        {"exclude": []},
        {"together": False},
        {"tag": ""},
        {"revision": "c0ffee"},
    ]
    for changed in changes:
        assert lookup.run(images, **{**options, **changed})[0]["tags"] != web["tags"]


def test_defaults_plan_nothing_from_nothing(lookup: image_plan.LookupModule) -> None:
    assert lookup.run([]) == []
    assert lookup.run([{"name": "web"}])[0]["tags"] == []
