"""What is wrong with an input, and that what all roles say themselves isn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs.specs import Input, inputs_of
from ansible_collections.aisha.cluster.plugins.plugin_utils._inputs.values import UnfitValue

ROOT = Path(__file__).resolve().parents[5]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
HUSH = "hush-hush"
ELEMENTS = {"type": "list", "elements": "dict", "options": {"name": {"type": "str", "required": True}}}


def told(each: Input, value: Any) -> str:
    """Return what is said of a value; empty when nothing is."""
    try:
        each.check(value)
    except UnfitValue as error:
        return str(error)
    return ""


def check(name: str, spec: dict[str, Any], value: Any) -> str:
    """Return the same of an input that a role has."""
    return told(Input(name, spec), value)


@pytest.mark.parametrize(
    ("name", "spec", "value"),
    [
        ("pollers", {"type": "int"}, 0),
        ("pollers", {"type": "int"}, "2"),
        ("pollers", {"type": "int"}, 2.0),
        ("watch", {"type": "float"}, 0.5),
        ("watch", {"type": "float"}, "20"),
        ("nginx_https_port", {"type": "int"}, 65535),
        ("rebuild", {"type": "bool"}, "no"),
        ("rebuild", {"type": "bool"}, ""),
        ("chat", {"type": "str"}, -1001),
        ("tag", {"type": "str"}, ""),
        ("mode", {"type": "str", "choices": ["gate", "process"]}, "gate"),
        ("level", {"type": "int", "choices": [1, 2]}, "2"),
        ("names", {"type": "list", "elements": "str"}, []),
        ("images", ELEMENTS, [{"name": "bot"}]),
        ("config", {"type": "dict"}, {"a": [1]}),
        ("anything", {"type": "raw"}, None),
        ("bot_command", {"type": "raw"}, "python -m bot"),
        ("app_environment", {"type": "dict"}, {"DEBUG": True}),
        ("telegram_proxy", {"type": "str"}, ""),
        ("telegram_proxy", {"type": "str"}, "socks5h://user:p%40ss@proxy.example.com:1080"),
        ("worker_memory", {"type": "str"}, "1.5g"),
        ("worker_memory", {"type": "str"}, 536870912),
        ("worker_memory", {"type": "str"}, "0"),
        ("nginx_body_limit", {"type": "str"}, 0),
        ("nginx_body_limit", {"type": "str"}, "64K"),
        ("cluster_log_max_size", {"type": "str"}, "1.5gb"),
        ("monitoring_retention_size", {"type": "str"}, "512MB"),
        ("worker_healthcheck", {"type": "dict"}, {}),
        (
            "worker_healthcheck",
            {"type": "dict"},
            {"test": "true", "interval": "1m30s", "timeout": "500ms", "start_period": None},
        ),
    ],
)
def test_what_fits_is_accepted(name: str, spec: dict[str, Any], value: Any) -> None:
    assert check(name, spec, value) == ""


@pytest.mark.parametrize(
    ("name", "spec", "value", "said"),
    [
        ("pollers", {"type": "int"}, -3, "expected a whole number of at least 0, found -3"),
        ("pollers", {"type": "int"}, "-3", "expected a whole number of at least 0, found '-3'"),
        ("pollers", {"type": "int"}, "two", "expected a whole number of at least 0, found 'two'"),
        ("pollers", {"type": "int"}, 1.5, "expected a whole number of at least 0, found 1.5"),
        ("pollers", {"type": "int"}, True, "expected a whole number of at least 0, found True"),
        ("pollers", {"type": "int"}, None, "expected a whole number of at least 0, found nothing"),
        ("pollers", {"type": "int"}, "", "expected a whole number of at least 0, found ''"),
        ("watch", {"type": "float"}, float("nan"), "expected a number of at least 0, found nan"),
        ("nginx_https_port", {"type": "int"}, 70000, "expected a port from 0 to 65535, found 70000"),
        ("rebuild", {"type": "bool"}, "perhaps", "expected true or false, found 'perhaps'"),
        ("tag", {"type": "str"}, ["1.0"], "expected text, found a list"),
        ("tag", {"type": "str"}, True, "expected text, found True"),
        ("certificate", {"type": "path"}, None, "expected a path, found nothing"),
        (
            "mode",
            {"type": "str", "choices": ["gate", "process"]},
            "gait",
            "one of gate, process, found 'gait'",
        ),
        ("mode", {"type": "str", "choices": ["gate"]}, None, "expected one of gate, found nothing"),
        ("names", {"type": "list", "elements": "str"}, "a,b", "expected a list, found 'a,b'"),
        ("images", ELEMENTS, [{"nam": "bot"}], "expected a list as documented, found "),
        ("config", {"type": "dict"}, "a=b", "expected a dictionary, found 'a=b'"),
        (
            "bot_command",
            {"type": "raw"},
            {"run": "bot"},
            "expected a list of words, or a line, found a dictionary",
        ),
        ("app_environment", {"type": "dict"}, {"A": ["b"]}, "expected text or a number in A, found a list"),
        ("telegram_proxy", {"type": "str"}, None, "expected text, found nothing"),
        ("telegram_proxy", {"type": "str"}, "socks4://proxy:1080", "percent-encoded, found socks4://"),
        ("telegram_proxy", {"type": "str"}, "http://proxy", "percent-encoded, found no port"),
        ("telegram_proxy", {"type": "str"}, "http://127.0.0.1:3128", "found a loopback address, which in"),
        ("telegram_proxy", {"type": "str"}, "socks5://localhost:1080", "found a loopback address, which in"),
        ("worker_memory", {"type": "str"}, "512 megs", "no limit, such as 512m, found '512 megs'"),
        ("worker_memory", {"type": "str"}, "512Mi", "found '512Mi'"),
        ("worker_memory", {"type": "str"}, "-1", "found '-1'"),
        ("worker_memory", {"type": "str"}, "", "found ''"),
        # Bytes, of which an engine wants more.
        ("worker_memory", {"type": "str"}, 512, "expected a size of memory of at least 6m"),
        ("nginx_body_limit", {"type": "str"}, "20MB", "as nginx reads it, such as 20m, found '20MB'"),
        ("nginx_body_limit", {"type": "str"}, "", "as nginx reads it, such as 20m, found ''"),
        ("cluster_log_max_size", {"type": "str"}, 0, "as the engine reads it, such as 10m, found '0'"),
        ("cluster_log_max_size", {"type": "str"}, "ten", "as the engine reads it, such as 10m, found 'ten'"),
        (
            "monitoring_retention_size",
            {"type": "str"},
            "1G",
            "as Prometheus reads it, such as 1GB, found '1G'",
        ),
        ("x_healthcheck", {"type": "dict"}, {"interval": "5s"}, "expected test, the command of the check"),
        ("x_healthcheck", {"type": "dict"}, {"test": ["NONE"], "timeout": 5}, "found a whole number without"),
        ("x_healthcheck", {"type": "dict"}, {"test": "true", "interval": "5 s"}, "in interval, found '5 s'"),
    ],
)
def test_what_does_not_fit_is_named(name: str, spec: dict[str, Any], value: Any, said: str) -> None:
    assert said in check(name, spec, value)


@pytest.mark.parametrize(
    "name",
    ["telegram_bot_token", "redis_url", "s3_secret_key", "app_environment", "x_command", "telegram_proxy"],
)
@pytest.mark.parametrize("value", [[HUSH, None], {"A": [HUSH]}, {HUSH: [1]}])
def test_no_secret_is_shown(name: str, value: Any) -> None:
    kind = "dict" if name == "app_environment" else "str"
    said = check(name, {"type": kind}, value)
    assert said
    assert HUSH not in said.replace(f"in {HUSH}", "")


@pytest.mark.parametrize("text", ["{}:1080", "socks4://u:{}@p:1", "http://{}@p:1", "http://u:{}@127.0.0.1:1"])
def test_no_part_of_a_proxys_login_is_shown(text: str) -> None:
    said = check("telegram_proxy", {"type": "str"}, text.format(HUSH))
    assert said
    assert HUSH not in said


def test_text_in_the_place_of_a_secret_list_is_not_shown() -> None:
    assert HUSH not in check("backup_keys", {"type": "list"}, HUSH)
    assert HUSH not in check("plain", {"type": "list", "no_log": True}, HUSH)


@pytest.mark.parametrize("name", ["backup_keys", "plain"])
def test_what_ansible_says_of_an_element_is_shown_of_what_is_no_secret(name: str) -> None:
    said = check(name, {"type": "list", "elements": "str", "choices": ["one", "two"]}, [HUSH])
    assert said.startswith("expected a list as documented, found ")
    assert (HUSH in said) is (name == "plain")


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_every_role_are_accepted(role: str) -> None:
    path = ROOT / "roles" / role / "defaults" / "main.yml"
    defaults = yaml.safe_load(path.read_text()) or {} if path.exists() else {}
    known = {each.name: each for each in inputs_of([role])}
    for name, value in defaults.items():
        if "{{" not in str(value):
            known[name].check(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("workers", ""),
        ("webhook_api, workers", ""),
        (["workers"], ""),
        ("workers,nginx", "expected a list as documented, found "),
        (7, "expected a list, found 7"),
    ],
)
def test_a_list_of_a_playbook_may_be_text_with_commas(value: Any, said: str) -> None:
    (parts,) = [each for each in inputs_of([]) if each.name == "restart_parts"]
    assert told(parts, value).startswith(said)
    assert bool(told(parts, value)) is bool(said)


def test_a_key_that_no_health_check_has_is_named() -> None:
    (each,) = [each for each in inputs_of(["bot_cluster"]) if each.name == "bot_cluster_worker_healthcheck"]
    assert told(each, {"test": "true", "retries": "3"}) == ""
    assert "intervall" in told(each, {"test": "true", "intervall": "5s"})


def test_inputs_of_playbooks_are_known_and_of_strangers_refused() -> None:
    assert "rolling_update_watch" in {each.name for each in inputs_of([])}
    with pytest.raises(UnfitValue, match="roles/stranger"):
        inputs_of(["stranger"])
