"""The module as Ansible sees it."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.modules import endpoint_info


def run(capsys: pytest.CaptureFixture[str], **arguments: Any) -> tuple[int, dict[str, Any]]:
    with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
        endpoint_info.main()
    return int(exited.value.code or 0), dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("check_mode", [False, True])
def test_services_that_do_not_answer_are_no_failure(
    check_mode: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = f"http://127.0.0.1:{server.getsockname()[1]}/health"
        endpoints = [{"name": "a", "url": silent}, {"name": "b", "url": "http://127.0.0.1:1/"}]
        code, result = run(capsys, endpoints=endpoints, answer_timeout=0.3, _ansible_check_mode=check_mode)
    assert (code, result["changed"]) == (0, False)
    first, second = result["endpoints"]
    assert first == {
        "name": "a",
        "url": silent,
        "status": None,
        "elapsed_s": None,
        "problem": "no answer within 0.3 s",
        "certificate_days_left": None,
    }
    assert second["problem"].startswith("ConnectionRefusedError: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"endpoints": [], "answer_timeout": 0}, "Option answer_timeout: expected more than 0, found 0."),
        ({"endpoints": [{"name": "a"}]}, "missing required arguments: url"),
        ({}, "missing required arguments: endpoints"),
    ],
)
def test_bad_options_are_refused(
    arguments: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result = run(capsys, **arguments)
    assert code == 1
    assert said in result["msg"]
