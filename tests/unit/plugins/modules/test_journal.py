"""What the modules' invocations leave in the host's journal."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins import modules
from ansible_collections.aisha.cluster.plugins.module_utils._core.quiet_module import QuietModule

MODULES = sorted(each.name for each in pkgutil.iter_modules(modules.__path__))


class _Seen(Exception):
    """Ends a module as soon as its arguments are known."""


def _nested_secrets(options: dict[str, Any], inside: bool = False) -> list[str]:
    found = []
    for name, option in options.items():
        if inside and option.get("no_log"):
            found.append(name)
        if not option.get("no_log"):
            found += _nested_secrets(option.get("options") or {}, inside=True)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_with_a_secret_inside_an_option_logs_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[type, dict[str, Any]]] = []

    def begin(module: basic.AnsibleModule, argument_spec: dict[str, Any], **_more: Any) -> None:
        seen.append((type(module), argument_spec))
        raise _Seen

    monkeypatch.setattr(basic.AnsibleModule, "__init__", begin)
    module = importlib.import_module(f"{modules.__name__}.{name}")
    if not hasattr(module, "main"):
        return  # An action does its work.
    with pytest.raises(_Seen):
        module.main()
    ((kind, options),) = seen
    secrets = _nested_secrets(options)
    assert not secrets or issubclass(kind, QuietModule), secrets


def test_a_quiet_modules_journal_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``_ansible_no_log`` as Ansible sends it with every task."""
    logged: list[str] = []
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(basic.syslog, "syslog", lambda _priority, words: logged.append(words))
    secret = "it's\na \\ secret"  # noqa: S105 - nobody's
    sent = {"services": {"password": secret}, "_ansible_no_log": False}
    options = {"services": {"type": "dict", "options": {"password": {"type": "str", "no_log": True}}}}
    for kind, lines in ((basic.AnsibleModule, 1), (QuietModule, 0)):
        logged.clear()
        with patch_module_args(sent):
            kind(argument_spec=options)
        assert len(logged) == lines, logged
