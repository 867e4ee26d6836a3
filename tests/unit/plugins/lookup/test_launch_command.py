"""The lookup in a real run: what it returns can be copied."""

from __future__ import annotations

from pathlib import Path

from playing import play


def test_command_has_the_inventory_and_no_variable(tmp_path: Path) -> None:
    message = "{{ lookup('aisha.cluster.launch_command', 'logs.yml -e logs_component=worker') }}"
    played = play(tmp_path, "ansible.builtin.debug", {"msg": message}, "-e", "secret=1", "-u", "deploy")
    assert played.result["msg"] == (
        "`ansible-playbook -i localhost, -u deploy aisha.cluster.logs -e logs_component=worker`"
    )
