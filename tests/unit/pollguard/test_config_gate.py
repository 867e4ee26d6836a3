"""Settings of gate mode."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pollguard import exit_codes
from pollguard.config import GateSettings, from_environment
from pollguard.errors import SettingsError
from pollguard.gate.alias import alias_of
from pollguard_harness import make_token

TOKEN = make_token()
BASE = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": TOKEN, "INSTANCE_ID": "bot-polling-1"}


def read(**env: str) -> GateSettings:
    gate = from_environment(BASE | env, "gate").gate
    assert gate is not None
    return gate


def test_defaults() -> None:
    gate = read()
    assert gate == GateSettings(
        token=TOKEN,
        bot_token=alias_of(TOKEN),
        address="127.0.0.1",
        port=8081,
        api_url_variables=("TELEGRAM_API_URL",),
        redeliver=True,
        after_idle=False,
        keep=False,
        permissions=frozenset({"deleteWebhook"}),
        quiet=5.0,
    )
    assert gate.url == "http://127.0.0.1:8081"
    assert TOKEN not in repr(gate)
    assert from_environment(BASE, "process").gate is None


@pytest.mark.parametrize(
    ("env", "changed"),
    [
        ({"POLLGUARD_GATE_PORT": "9000"}, {"port": 9000}),
        ({"POLLGUARD_GATE_ADDRESS": "::1"}, {"address": "::1"}),
        (
            {"POLLGUARD_API_URL_VARIABLES": "BOT_API, API_ROOT,"},
            {"api_url_variables": ("TELEGRAM_API_URL", "BOT_API", "API_ROOT")},
        ),
        ({"POLLGUARD_REDELIVER_AFTER_CRASH": "False"}, {"redeliver": False}),
        ({"POLLGUARD_HANDOVER": "after_idle"}, {"after_idle": True}),
        ({"POLLGUARD_ON_STORE_LOSS": "keep"}, {"keep": True}),
        ({"POLLGUARD_ACTIVE_MAY": ""}, {"permissions": frozenset()}),
        (
            {"POLLGUARD_ACTIVE_MAY": "deleteWebhook, dropPendingUpdates"},
            {"permissions": frozenset({"deleteWebhook", "dropPendingUpdates"})},
        ),
        ({"POLLGUARD_QUIET": "0"}, {"quiet": 0.0}),
        ({"POLLGUARD_TOKEN_EXPOSURE": "bot"}, {"bot_token": TOKEN}),
        # What is only tried never gets the real one.
        ({"POLLGUARD_TOKEN_EXPOSURE": "bot", "POLLGUARD_STANDBY_ONLY": "true"}, {}),
    ],
)
def test_settings(env: dict[str, str], changed: dict[str, object]) -> None:
    assert read(**env) == replace(read(), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"TELEGRAM_BOT_TOKEN": "", "POLLGUARD_LEASE_NAME": "x"}, "gate mode needs TELEGRAM_BOT_TOKEN"),
        ({"POLLGUARD_GATE_PORT": "0"}, "POLLGUARD_GATE_PORT must be a port from 1 to 65535, found 0"),
        ({"POLLGUARD_GATE_PORT": "65536"}, "POLLGUARD_GATE_PORT must be a whole number from 0 to 65535"),
        ({"POLLGUARD_GATE_PORT": "http"}, "POLLGUARD_GATE_PORT must be a whole number"),
        ({"POLLGUARD_HANDOVER": "never"}, "POLLGUARD_HANDOVER must be one of at_once, after_idle"),
        ({"POLLGUARD_ON_STORE_LOSS": "x"}, "POLLGUARD_ON_STORE_LOSS must be one of stop, keep"),
        (
            {"POLLGUARD_REDELIVER_AFTER_CRASH": "1"},
            "POLLGUARD_REDELIVER_AFTER_CRASH must be one of true, false",
        ),
        ({"POLLGUARD_ACTIVE_MAY": "sendMessage"}, "POLLGUARD_ACTIVE_MAY may hold deleteWebhook, setWebhook"),
        ({"POLLGUARD_TOKEN_EXPOSURE": "all"}, "POLLGUARD_TOKEN_EXPOSURE must be one of guard_only, bot"),
        ({"POLLGUARD_QUIET": "soon"}, "POLLGUARD_QUIET must be seconds"),
        ({"TELEGRAM_API_URL": "api.telegram.org"}, "TELEGRAM_API_URL must begin with http:// or https://"),
        ({"TELEGRAM_API_URL": "http://127.0.0.1:8081/"}, "TELEGRAM_API_URL is the gate's own address"),
        ({"POLLGUARD_REDIS_TIMEOUT": "1.5"}, "must not exceed POLLGUARD_TTL, found"),
    ],
)
def test_bad_settings(env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**env)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert caught.value.exit_code == exit_codes.BAD_SETTINGS


@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN"])
def test_the_token(name: str) -> None:
    assert read(**({"TELEGRAM_BOT_TOKEN": ""} | {name: TOKEN})).token == TOKEN


def test_in_gate_mode_the_lease_may_be_held_to_the_end() -> None:
    """COMMAND needn't be dead before it ends, so a slower Redis is good enough."""
    env = {"POLLGUARD_REDIS_TIMEOUT": "1.2"}
    assert read(**env)
    with pytest.raises(SettingsError):
        from_environment(BASE | env, "process")


@pytest.mark.parametrize(
    ("address", "url"),
    [("::1", "http://[::1]:8081"), ("0.0.0.0", "http://0.0.0.0:8081")],  # noqa: S104
)
def test_the_gates_address(address: str, url: str) -> None:
    assert read(POLLGUARD_GATE_ADDRESS=address).url == url
