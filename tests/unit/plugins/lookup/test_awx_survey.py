"""The lookup reads the specs that there are; the questions made of them are tested in module_utils."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.aisha.cluster.plugins.lookup import awx_survey

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTED = yaml.safe_load(awx_survey.DOCUMENTATION)["options"]


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> awx_survey.LookupModule:
    """The lookup with options as Ansible gives them: those of the call, and defaults as documented."""
    options: dict[str, Any] = {}

    def set_options(lookup: object, var_options: object, direct: dict[str, Any]) -> None:
        options.update({name: option.get("default") for name, option in DOCUMENTED.items()} | direct)

    monkeypatch.setattr(awx_survey.LookupModule, "set_options", set_options)
    monkeypatch.setattr(awx_survey.LookupModule, "get_option", lambda lookup, name: options[name])
    return awx_survey.LookupModule()


def test_specs_of_roles_and_playbooks_are_read(lookup: awx_survey.LookupModule) -> None:
    further = {"question_name": "Version", "variable": "app_version", "type": "text", "required": False}
    [made] = lookup.run(
        ["images.images_tag", ["release:begin.release_lock_break", "playbooks:restart.restart_parts"]],
        title="Title",
        description="Text",
        answers={"images_tag": "v1", "unknown": 1},
        questions=[further],
    )
    assert (made["name"], made["description"]) == ("Title", "Text")
    tag, lock, parts, version = made["spec"]
    assert (tag["variable"], tag["type"], tag["default"]) == ("images_tag", "text", "v1")
    assert (lock["type"], lock["choices"]) == ("multiplechoice", "true\nfalse")
    assert (parts["type"], parts["choices"]) == ("multiselect", "webhook_api\nbot_cluster\nworkers")
    assert version == further


def test_nothing_to_ask_is_no_survey(lookup: awx_survey.LookupModule) -> None:
    assert lookup.run([]) == [{}]


@pytest.mark.parametrize(
    ("term", "said"),
    [("images", "expected role.option"), ("nobody.x", "Argument specs of nobody: expected them in")],
)
def test_what_is_not_there_is_named(lookup: awx_survey.LookupModule, term: str, said: str) -> None:
    with pytest.raises(AnsibleError, match=said):
        lookup.run([term])


def test_what_is_documented_of_the_playbooks_is_what_their_specs_say() -> None:
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:3]]
        for line in (ROOT / "docs/updates.md").read_text().split("\n## Inputs\n")[1].splitlines()
        if line.startswith("| `")
    ]
    documented = dict(rows)
    for specs in awx_survey.specs_of("playbooks").values():
        for name, option in specs["options"].items():
            if name.startswith("rolling_update_"):
                default = option["default"]
                assert documented[name] == (
                    str(default).lower() if isinstance(default, bool) else str(default)
                )
