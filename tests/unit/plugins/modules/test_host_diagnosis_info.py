"""The module as Ansible sees it; the Docker client and the host's programs are stood in for."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._host import commands as _host_words
from ansible_collections.aisha.cluster.plugins.module_utils._release.store import Files
from ansible_collections.aisha.cluster.plugins.modules import host_diagnosis_info
from docker.errors import APIError
from requests.exceptions import ConnectionError as Refused

if TYPE_CHECKING:
    from .conftest import Engine

SECRET = "correct-horse"  # noqa: S105 - nobody's
Run = Callable[..., tuple[dict[str, Any], dict[str, str]]]
STAMP = "2026-03-01T12:00:00.000000000Z"


@pytest.fixture
def run(
    pollers_engine: type[Engine],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run the module; returns its result and the files that it collected."""
    for what, answer in {"info": {"Proxy": f"http://u:{SECRET}@proxy"}, "version": {"Version": "20"}}.items():
        monkeypatch.setattr(pollers_engine, what, lambda _self, answer=answer: answer, raising=False)
    monkeypatch.setattr(pollers_engine, "df", lambda _self: {"LayersSize": 1}, raising=False)
    monkeypatch.setattr(pollers_engine, "networks", lambda _self: [{"Name": "aisha"}], raising=False)
    monkeypatch.setattr(pollers_engine, "images", lambda _self: [{"Id": "1"}])
    monkeypatch.setattr(_host_words, "run_command", lambda argv, _timeout: f"{argv[0]} says {SECRET}\n")
    pollers_engine.pair()
    pollers_engine.add("registry")
    vars(pollers_engine.there["registry"]).update(
        labels={"aisha.cluster": "aisha", "aisha.component": "registry"},
        env=[],
        log=f"{STAMP} it says {SECRET}\n",
    )

    def running(**arguments: Any) -> tuple[dict[str, Any], dict[str, str]]:
        options = {"home": str(tmp_path), "patience": 5, **arguments}
        with patch_module_args(options), pytest.raises(SystemExit) as exited:
            host_diagnosis_info.main()
        printed = capsys.readouterr().out
        assert (exited.value.code, SECRET in printed) == (0, False)
        result = json.loads(printed)
        files = json.loads(zlib.decompress(base64.b64decode(result.pop("packed"))))
        assert not [name for name, text in files.items() if SECRET in text]
        return result, files

    return running


def test_all_is_collected(run: Run) -> None:
    result, files = run()
    assert result["problems"] == []
    names = ("p-1", "p-2", "registry")
    assert {kind.format(name) for name in names for kind in ("containers/{}.json", "logs/{}.log")} == {
        name for name in files if name.startswith(("containers/", "logs/"))
    }
    assert {name for name in files if name.startswith("engine/")} == {
        f"engine/{what}.json" for what in ("info", "version", "df", "networks", "images")
    }
    assert files["host/sockets.txt"] == "ss says ***\n"
    assert files["logs/registry.log"] == f"{STAMP} it says ***\n"
    assert {"host/system.txt", "host/resources.txt", "host/journal_docker.txt"} <= files.keys()
    assert json.loads(files["pollers.json"])[0]["role"] == "active"
    assert (result["active"], result["pollers"], result["changed"]) == (["p-1"], 2, False)
    assert [*result["images"]] == ["p-1", "p-2"]


def test_an_environment_shows_names_and_what_is_harmless(
    run: Run, pollers_engine: type[Engine], token: str
) -> None:
    pollers_engine.there["p-1"].env = [
        "S3_ACCESS_KEY=aisha",
        "DB_PASSWORD=",
        f"BOT={token}",
        f"DATABASE_URL=postgresql://bot:{SECRET}@db:5432/bot",
        "INSTANCE_ID=p-1",
    ]
    _result, files = run()
    assert json.loads(files["containers/p-1.json"])["Config"]["Env"] == [
        "S3_ACCESS_KEY=***",
        "DB_PASSWORD=",
        "BOT=***",
        "DATABASE_URL=postgresql://bot:***@db:5432/bot",
        "INSTANCE_ID=p-1",
    ]


def test_logs_are_bounded_at_the_end_that_counts(run: Run, pollers_engine: type[Engine]) -> None:
    pollers_engine.there["p-1"].log = "".join(f"{STAMP} line {number:03}\n" for number in range(100))
    _result, files = run(log_bytes=100)
    assert files["logs/p-1.log"] == f"…\n{STAMP} line 098\n{STAMP} line 099\n"


def test_an_engine_that_does_not_answer_leaves_the_rest(
    run: Run, pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Engine, **_options: Any) -> None:
        raise Refused("Connection refused")

    monkeypatch.setattr(_host_words, "run_command", lambda *_words: "redis://u:pass@r\n")
    monkeypatch.setattr(pollers_engine, "containers", refuse)
    result, files = run()
    assert result["problems"] == ["engine and containers: Connection refused"]
    assert {"host/system.txt", "host/reachability.json"} <= files.keys()
    # What looks like a secret is masked without knowing any.
    assert files["host/sockets.txt"] == "redis://u:***@r\n"


def test_what_fails_is_named_and_the_rest_is_there(
    run: Run, pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Engine, *_words: Any, **_options: Any) -> None:
        raise APIError(f"500 {SECRET}")

    def no_program(argv: list[str], _timeout: float) -> str:
        raise OSError(f"no program {argv[0]} on this host")

    monkeypatch.setattr(pollers_engine, "df", refuse)
    monkeypatch.setattr(pollers_engine, "logs", refuse)
    monkeypatch.setattr(_host_words, "run_command", no_program)
    result, files = run(home="/nonexistent/home")
    assert {"engine/df.json: 500 ***", "logs/p-1.log: 500 ***"} <= {*result["problems"]}
    assert "host/sockets.txt: no program ss on this host" in result["problems"]
    assert (
        "host/cluster_home.txt: [Errno 2] No such file or directory: '/nonexistent/home'"
        in result["problems"]
    )
    assert {"engine/info.json", "containers/p-1.json", "pollers.json"} <= files.keys()


def test_what_can_not_be_reached_is_a_finding(run: Run) -> None:
    result, files = run(targets={"Redis": "redis://127.0.0.1:1", "S3": "nowhere"})
    (redis,) = json.loads(files["host/reachability.json"])
    assert redis["problem"] == "Connection refused"
    assert "Redis at 127.0.0.1:1: Connection refused." in result["findings"]
    assert any("S3: expected an address" in problem for problem in result["problems"])


def test_the_keeper_tells_of_releases_and_runs(run: Run, tmp_path: Path, token: str) -> None:
    files = Files(str(tmp_path))
    files.log([{"event": "finished", "failure": f"redis://:{SECRET}@r and {token}"}])
    image = "localhost:5000/bot@sha256:1f"
    files.write("releases/1.json", json.dumps({"number": 1, "name": "1", "images": {"bot": image}}))
    holder = {"who": "ann", "what": "site", "run": "r"}
    times = {"since": "2026-03-01T12:00:00+00:00", "until": "2026-03-01T13:00:00+00:00"}
    files.write("lock.json", json.dumps({**holder, **times}))
    result, collected = run()
    assert json.loads(collected["releases/audit.log"])["failure"].startswith("redis://:***@r and ")
    assert token not in collected["releases/audit.log"]
    assert json.loads(collected["releases/releases.json"])[0]["images"] == {"bot": image}
    locked = "ann has it for site, since 2026-03-01 12:00:00 UTC, until 2026-03-01 13:00:00 UTC"
    assert f"The cluster's lock: {locked}." in result["findings"]
    assert json.loads(collected["releases/lock.json"])["who"] == "ann"


def test_nginx_shows_what_it_works_with(
    run: Run, pollers_engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    pollers_engine.add("nginx")
    vars(pollers_engine.there["nginx"]).update(labels={"aisha.cluster": "aisha", "aisha.component": "nginx"})
    asked: list[list[str]] = []
    ask = pollers_engine.exec_start

    def say(engine: Engine, name: str, *, demux: bool) -> tuple[bytes | None, bytes | None]:
        command = engine.runs[name][1]
        if command[0] != "nginx":
            return ask(engine, name, demux=demux)
        asked.append(command)
        return b"listen 80;", b"test is successful\n"

    monkeypatch.setattr(pollers_engine, "exec_start", say)
    _result, files = run()
    assert (asked, files["nginx/nginx.conf"]) == ([["nginx", "-T"]], "test is successful\nlisten 80;")
    assert len(json.loads(files["pollers.json"])) == 2


@pytest.mark.parametrize("name", ["log_lines", "log_bytes", "patience"])
def test_bad_options_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({name: 0}), pytest.raises(SystemExit) as exited:
        host_diagnosis_info.main()
    assert exited.value.code == 1
    assert f"Option {name}: expected more than 0, found 0." in capsys.readouterr().out
