"""How the options become a connection, and what an engine that doesn't serve is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ansible_collections.aisha.cluster.plugins.doc_fragments.docker import ModuleDocFragment
from ansible_collections.aisha.cluster.plugins.module_utils._core import docker as _docker
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import (
    EngineError,
    argument_spec,
    connector,
)
from docker.errors import APIError, DockerException

DEFAULTS: dict[str, Any] = {name: option.get("default") for name, option in argument_spec().items()}


class Client:
    """Stands in for docker.APIClient; remembers its options, and fails as it is told to."""

    made: list[dict[str, Any]]
    error: Exception | None = None
    api_version = "1.41"

    def __init__(self, **options: Any) -> None:
        self.made.append(options)
        if self.error is not None:
            raise self.error


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    made = type("Made", (Client,), {"made": []})
    monkeypatch.setattr(_docker, "APIClient", made)
    return made


def test_the_version_is_asked_for_once(client: type[Client]) -> None:
    connect = connector({**DEFAULTS, "docker_host": "tcp://192.0.2.1:2375", "timeout": 7})
    connect()
    connect()
    expected = {"base_url": "tcp://192.0.2.1:2375", "timeout": 7, "tls": False, "use_ssh_client": False}
    assert client.made == [{**expected, "version": "auto"}, {**expected, "version": "1.41"}]


@pytest.mark.parametrize(
    ("options", "verify", "cert", "ca"),
    [
        ({"tls": True}, False, ("cert.pem", "key.pem"), None),
        ({"validate_certs": True}, True, ("cert.pem", "key.pem"), "ca.pem"),
        ({"validate_certs": True, "ca_path": "own.pem"}, True, ("cert.pem", "key.pem"), "own.pem"),
        (
            {"tls": True, "client_cert": "own.pem", "client_key": "own.pem"},
            False,
            ("own.pem", "own.pem"),
            None,
        ),
    ],
)
def test_tls_is_as_asked_for(
    options: dict[str, Any],
    verify: bool,
    cert: tuple[str, str],
    ca: str | None,
    client: type[Client],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem", "own.pem"):
        (tmp_path / name).touch()
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    connector({**DEFAULTS, **options})()
    tls = client.made[0]["tls"]
    assert tls.verify is verify
    assert tuple(map(os.path.basename, tls.cert)) == cert
    assert (tls.ca_cert and Path(tls.ca_cert).name) == ca


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"timeout": 0}, "expected timeout to be 1 or more, found 0"),
        (
            {"validate_certs": True, "ca_path": "nowhere.pem"},
            "expected usable TLS options, found .*CA",
        ),
        ({"tls": True, "tls_hostname": "engine"}, "before 7.0.0 for tls_hostname, found version "),
    ],
)
def test_options_that_can_not_be_right_are_refused(
    options: dict[str, Any], found: str, client: type[Client]
) -> None:
    with pytest.raises(EngineError, match=found) as refused:
        connector({**DEFAULTS, **options})
    assert refused.value.reason == "bad_option"
    assert not client.made


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_docker, "LIBRARY_ERROR", "Traceback …")
    with pytest.raises(EngineError, match="expected the Docker SDK for Python, found") as failed:
        connector(DEFAULTS)
    assert failed.value.as_failure()["reason"] == "library_missing"
    assert "Traceback" not in str(failed.value)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DockerException("Error …: PermissionError(13, 'Permission denied')"), "permission_denied"),
        (DockerException("Error …: FileNotFoundError(2, 'No such file')"), "unreachable"),
        (requests.exceptions.ReadTimeout("read timed out"), "unreachable"),
        (ConnectionResetError(104, "reset"), "unreachable"),
        (APIError("409", response=requests.Response(), explanation="is paused"), "refused"),
    ],
)
def test_every_failure_has_its_reason(error: Exception, reason: str, client: type[Client]) -> None:
    client.error = error
    connect = connector(DEFAULTS)
    with pytest.raises(EngineError, match="Docker engine unix:///var/run/docker") as failed:
        connect()
    assert failed.value.reason == reason


def test_the_options_are_documented() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    for name, option in argument_spec().items():
        described = documented.pop(name)
        for key in ("type", "default", "aliases"):
            assert described.get(key) == option.get(key), name
    assert not documented
