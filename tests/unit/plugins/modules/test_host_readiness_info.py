"""The module as Ansible sees it, on this machine and without an engine; what hangs is a real socket."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.doc_fragments.docker import ModuleDocFragment
from ansible_collections.aisha.cluster.plugins.module_utils._core.docker import EngineError
from ansible_collections.aisha.cluster.plugins.module_utils._core.findings import Check
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.engine_snapshot import EngineSeen
from ansible_collections.aisha.cluster.plugins.module_utils._preflight.options import OPTIONS
from ansible_collections.aisha.cluster.plugins.modules import host_readiness_info
from proxy_servers import ProxyServer, serving

Run = Callable[..., tuple[int, dict[str, Any]]]
PASSWORD = "correct-horse"  # noqa: S105 - nobody's
ENGINE = Check("engine", "", "skipped", "", "none is installed")
REPOSITORY = "localhost:5000/aisha-service-check"


@pytest.fixture
def seen() -> dict[str, Any]:
    """What the engine has, for a test to fill."""
    return {}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seen: dict[str, Any]) -> Run:
    """Run the module; returns the exit code and the result, in which no password is."""

    def run(**arguments: Any) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(
            host_readiness_info, "look", lambda _connect, cluster: (EngineSeen(cluster, **seen), ENGINE)
        )
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            host_readiness_info.main()
        result = dict(json.loads(capsys.readouterr().out))
        assert PASSWORD not in json.dumps({name: result[name] for name in result.keys() - {"invocation"}})
        return int(exited.value.code or 0), result

    return run


@pytest.fixture
def hanging() -> Iterator[Callable[[], int]]:
    """Return ports at which somebody listens and never says a word."""
    with ExitStack() as stack:
        yield lambda: int(stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1])


def statuses(result: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(check["check"], check["subject"]): check["status"] for check in result["checks"]}


@pytest.mark.parametrize("check_mode", [False, True])
def test_only_what_is_named_is_asked(check_mode: bool, run: Run) -> None:
    code, result = run(_ansible_check_mode=check_mode)
    assert (code, result["changed"]) == (0, False)
    access = "passed" if os.geteuid() == 0 else "failed"
    assert list(statuses(result).values()) == [access, "skipped"]


def test_a_host_with_room_is_ready(run: Run) -> None:
    _code, result = run(
        home="/opt/aisha",
        home_minimum_mb=1,
        disk_minimum_mb=1,
        memory_margin_mb=1,
        instances=[{"name": "aisha-worker-1", "memory": "1m"}],
    )
    found = statuses(result)
    assert found["memory", "1 instances"] == "passed"
    assert {status for (kind, _subject), status in found.items() if kind == "disk"} == {"passed"}


def test_each_thing_that_is_not_ready_is_named(run: Run, hanging: Callable[[], int]) -> None:
    port = hanging()
    _code, result = run(
        home="/opt/aisha",
        home_minimum_mb=10**9,
        disk_minimum_mb=1,
        instances=[{"name": "aisha-worker-1", "memory": "900g"}],
        ports=[{"number": port, "owner": "aisha-registry"}],
        registry={"url": "http://127.0.0.1:9", "name": "127.0.0.1:9"},
        outgoing_urls=["http://127.0.0.1:9"],
        clock_url="http://127.0.0.1:9",
        certificate={"name": "a.pem", "pem": "no certificate"},
        services={"database_url": f"postgresql://u:{PASSWORD}@127.0.0.1:9/aisha"},
        bot={"token": "12345:short", "api_url": "http://127.0.0.1:9"},
    )
    bad = [check for check in result["checks"] if check["status"] == "failed" and check["check"] != "access"]
    named = {check["check"] for check in bad}
    assert named == {"memory", "disk", "port", "outgoing", "certificate", "service", "bot_token"}
    assert all(check["expected"] and check["found"] for check in bad)
    # Each has an advice, but what could not be read at all.
    assert {check["check"] for check in bad if not check["advice"]} == {"certificate"}
    (taken,) = (check for check in bad if check["check"] == "port")
    assert f"({os.getpid()}) listens there" in taken["found"]


def test_what_is_behind_a_proxy_is_asked_through_it(run: Run, hanging: Callable[[], int], token: str) -> None:
    url = f"http://127.0.0.1:{hanging()}"
    with serving(ProxyServer("socks5", ("user", PASSWORD))) as proxy:
        proxy.refuses = True
        _code, result = run(
            proxies={url: f"socks5h://user:{PASSWORD}@127.0.0.1:{proxy.port}"},
            bot={"token": token, "api_url": url},
            clock_url=url,
            outgoing_urls=[url, "http://127.0.0.1:9"],
        )
    refusal = "a proxy that refuses the connection (not allowed by its rules), through the proxy 127.0.0.1:"
    told = [check["check"] for check in result["checks"] if refusal in check["found"]]
    assert sorted(told) == ["bot_token", "clock", "outgoing"]
    assert set(proxy.targets) == {url.partition("//")[2]}


def test_whoever_hangs_costs_the_time_once(run: Run, hanging: Callable[[], int]) -> None:
    began = time.monotonic()
    _code, result = run(
        answer_timeout=1,
        services={
            "database_url": f"postgresql://u:{PASSWORD}@127.0.0.1:{hanging()}/aisha",
            "redis_url": f"redis://:{PASSWORD}@127.0.0.1:{hanging()}/0",
            "s3_endpoint_url": f"http://127.0.0.1:{hanging()}",
        },
        registry={"url": f"http://127.0.0.1:{hanging()}", "name": "127.0.0.1:5000"},
        outgoing_urls=[f"http://127.0.0.1:{hanging()}", f"http://127.0.0.1:{hanging()}"],
        images=[f"127.0.0.1:{hanging()}/a:1"],
    )
    assert time.monotonic() - began < 2
    hung = [
        check for check in result["checks"] if check["check"] in ("service", "outgoing", "image_registry")
    ]
    assert [check["status"] for check in hung] == ["failed"] * 6
    assert all("in time" in check["found"] or "within 1 s" in check["found"] for check in hung)


def test_embedded_services_are_left_to_the_deployment(run: Run) -> None:
    _code, result = run(services={"redis_url": "redis://aisha-redis:6379/0", "embedded": ["redis"]})
    assert statuses(result)["service", "Redis at aisha-redis:6379/0"] == "skipped"


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_services_own_check_is_used_where_it_is(
    check_mode: bool, run: Run, seen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen["images"] = [{"Id": "sha256:1", "RepoTags": [f"{REPOSITORY}:1"], "Created": 1}]
    asked: list[dict[str, str]] = []

    class Trial:
        """Fails as an engine does, with what it was given in its words."""

        def __call__(self, _engine: Any, image: str, cluster: str, environment: Any, patience: float) -> str:
            asked.append(dict(environment))
            assert (image, cluster, patience) == ("sha256:1", "shop", 11)
            raise EngineError("refused", f"said {environment['REDIS_URL']}", expected="exit code 0")

    service_trial = "ansible_collections.aisha.cluster.plugins.module_utils._preflight.service_check.run"
    monkeypatch.setattr(service_trial, Trial())
    monkeypatch.setattr(host_readiness_info, "connector", lambda _params: lambda: None)
    url = f"redis://:{PASSWORD}@127.0.0.1:9/0"
    services = {
        **{"redis_url": url, "s3_bucket": "aisha", "check_repository": REPOSITORY},
        # Neither the image nor the host can ask these.
        "lease_redis_url": "unix:///run/redis.sock",
        "database_url": "postgresql:///aisha?host=/run/postgresql",
    }
    _code, result = run(cluster_name="shop", services=services, _ansible_check_mode=check_mode)
    *skipped, check = sorted(
        (check for check in result["checks"] if check["check"] == "service"),
        key=lambda check: check["status"],
        reverse=True,
    )
    assert [one["found"].partition(",")[0] for one in skipped] == ["not asked: a socket"] * 2
    assert check["status"] == "failed"
    if check_mode:
        assert (asked, check["found"]) == ([], "Connection refused")
    else:
        assert (asked[0]["REDIS_URL"], asked[0]["S3_BUCKET"]) == (url, "aisha")
        assert (asked[0]["LEASE_REDIS_URL"], asked[0]["DATABASE_URL"]) == ("", "")
        assert check["found"] == "said redis://:***@127.0.0.1:9/0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"answer_timeout": 0}, "Option answer_timeout: expected 1 or more, found 0."),
        (
            {"instances": [{"name": "a", "memory": "much"}]},
            "Option instances: expected memory such as 512m, found: ",
        ),
    ],
)
def test_bad_options_are_refused(arguments: dict[str, Any], message: str, run: Run) -> None:
    code, result = run(**arguments)
    assert code == 1
    assert result["msg"].startswith(message)


def documented(options: dict[str, Any]) -> dict[str, Any]:
    """Documentation in the form of a specification."""
    return {
        name: {
            **{key: value for key, value in option.items() if key not in ("description", "suboptions")},
            **({"options": documented(option["suboptions"])} if "suboptions" in option else {}),
        }
        for name, option in options.items()
    }


def specified(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            **{key: value for key, value in option.items() if key not in ("no_log", "options")},
            **({"options": specified(option["options"])} if "options" in option else {}),
        }
        for name, option in options.items()
    }


def test_the_documentation_of_the_options_is_that_of_the_code() -> None:
    of_engine = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    own = yaml.safe_load(host_readiness_info.DOCUMENTATION)["options"]
    assert documented(own) == specified(OPTIONS)
    assert own.keys() & of_engine.keys() == set()
