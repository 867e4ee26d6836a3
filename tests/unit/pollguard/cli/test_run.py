"""The arguments of `run`, and what COMMAND is given."""

from __future__ import annotations

import pytest
from pollguard.cli.run import additions_for, parse_arguments
from pollguard.config import GateSettings, from_environment
from pollguard.errors import UsageError
from pollguard.gate.alias import alias_of
from pollguard_harness import make_token

TOKEN = make_token()


def gate_settings() -> GateSettings:
    env = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": TOKEN, "INSTANCE_ID": "bot-polling-1"}
    gate = from_environment(env, "gate").gate
    assert gate is not None
    return gate


@pytest.mark.parametrize(
    ("arguments", "env_mode", "mode", "command"),
    [
        (["--", "bot"], "", "gate", ["bot"]),
        (["bot", "--mode", "x"], "", "gate", ["bot", "--mode", "x"]),
        (["--mode", "process", "--", "bot"], "", "process", ["bot"]),
        (["--mode=process", "bot"], "", "process", ["bot"]),
        (["--mode=gate", "bot"], "process", "gate", ["bot"]),
        (["bot"], "process", "process", ["bot"]),
        (["--", "--mode"], "", "gate", ["--mode"]),
    ],
)
def test_arguments(arguments: list[str], env_mode: str, mode: str, command: list[str]) -> None:
    assert parse_arguments(arguments, env_mode) == (mode, command)


@pytest.mark.parametrize("arguments", [[], ["--"], ["--mode"], ["--mode=x", "bot"], ["--fast", "bot"]])
def test_bad_arguments(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_arguments(arguments, "")


@pytest.mark.parametrize(
    ("env", "added"),
    [
        ({}, {}),
        ({"HTTPS_PROXY": "http://p"}, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
        (
            {"all_proxy": "socks5://p", "no_proxy": "localhost", "NO_PROXY": ".lan"},
            {"NO_PROXY": ".lan,127.0.0.1", "no_proxy": "localhost,127.0.0.1"},
        ),
        # The guard's own, which COMMAND needs neither to use nor to know.
        ({"TELEGRAM_PROXY": "socks5h://user:word@p:1080"}, {"TELEGRAM_PROXY": ""}),
    ],
)
def test_what_the_command_is_given(env: dict[str, str], added: dict[str, str]) -> None:
    url = {"TELEGRAM_API_URL": "http://127.0.0.1:8081"}
    found = {name.decode(): value.decode() for name, value in additions_for(env, gate_settings()).items()}
    assert found == url | added
    assert additions_for(env, None) == {}


def test_the_command_is_given_the_alias_wherever_the_token_is() -> None:
    env = {"TELEGRAM_BOT_TOKEN": TOKEN, "TOKEN": TOKEN, "BOTS": f"[{TOKEN}, {TOKEN}]", "OTHER": TOKEN[:-1]}
    found = {name.decode(): value.decode() for name, value in additions_for(env, gate_settings()).items()}
    alias = alias_of(TOKEN)
    assert found == {
        "TELEGRAM_API_URL": "http://127.0.0.1:8081",
        "TELEGRAM_BOT_TOKEN": alias,
        "TOKEN": alias,
        "BOTS": f"[{alias}, {alias}]",
    }
