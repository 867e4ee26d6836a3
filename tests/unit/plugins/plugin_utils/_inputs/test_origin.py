"""Where an input is to be set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs import origin
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs.origin import is_default, place_of
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs.specs import COLLECTION

TAG: Any = vars(origin)["Origin"]


class Positioned(str):
    """Text with its place, as ansible-core before 2.19 has it."""

    ansible_pos: tuple[str, int, int]


def at(path: Path, line: int) -> list[Any]:
    """Return a value that stands there, as each ansible-core has it."""
    text = Positioned("two")
    text.ansible_pos = (str(path), line, 1)
    values: list[Any] = [text]
    if TAG is not None:
        values.append(TAG(path=str(path), line_num=line).tag("two"))
    return values


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"extra_vars": ["@more.yml", '{"nginx_https_port": "https"}', "images_tag=v 1"]}
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(given))


def test_the_file_and_line_of_the_value_are_named(tmp_path: Path) -> None:
    file = tmp_path / "group_vars" / "bot_cluster.yml"
    file.parent.mkdir()
    file.touch()
    for value in at(file, 7):
        assert place_of("bot_cluster_pollers", value, {}) == "group_vars/bot_cluster.yml:7"


def test_a_missing_secret_belongs_in_the_vault_beside(tmp_path: Path) -> None:
    file = tmp_path / "main.yml"
    file.touch()
    for value in at(file, 7):
        assert place_of("redis_password", value, {}, "'vault_redis_password' is undefined") == "vault.yml"


@pytest.mark.parametrize("variables", [{"inventory_dir": "/srv/mine"}, {"inventory_dir": None}])
def test_without_a_place_of_its_own_it_is_all_hosts_file(variables: dict[str, Any]) -> None:
    defaults = COLLECTION / "roles" / "bot_cluster" / "defaults" / "main.yml"
    for value in (7, None, "two", *at(defaults, 2), *at(Path("/nowhere/else.yml"), 2)):
        expected = "/srv/mine/group_vars/all/main.yml"
        if not variables["inventory_dir"]:
            expected = "the variables of the host or of one of its groups"
        assert place_of("bot_cluster_pollers", value, variables) == expected


def test_a_default_is_known_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(COLLECTION)
    for value in at(tmp_path / "link/roles/bot_cluster/defaults/main.yml", 2):
        assert is_default(value)
    assert not is_default("two")


@pytest.mark.parametrize("name", ["nginx_https_port", "images_tag"])
def test_an_option_of_the_run_is_named(name: str) -> None:
    assert place_of(name, "x", {"inventory_dir": "/srv/mine"}) == "the option -e of this run"
    assert place_of(name, "x", {"awx_job_id": 7}) == "the job's inventory or job template"
