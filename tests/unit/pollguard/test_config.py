"""Settings: what is accepted, what is refused and how, and that no secret shows."""

from __future__ import annotations

import signal

import pytest
from pollguard import exit_codes
from pollguard.config import Settings, from_environment
from pollguard.errors import SettingsError
from pollguard_harness import BOT_ID, make_token

TOKEN = make_token()
BASE = {"POLLGUARD_REDIS_URL": "redis://r/2", "TELEGRAM_BOT_TOKEN": TOKEN, "INSTANCE_ID": "bot-polling-1"}


def read(**env: str) -> Settings:
    return from_environment(BASE | env, "process")


def test_defaults() -> None:
    settings = read()
    margins = settings.margins
    assert (margins.ttl, margins.renew, margins.request_timeout) == (3.0, 0.5, 0.5)
    assert (margins.term_grace, margins.kill_margin) == (1.0, 0.5)
    assert settings.lease == f"pollguard:{{{BOT_ID}}}:lease"
    assert settings.instance == "bot-polling-1"
    assert (settings.stop_timeout, settings.stop_signal) == (25.0, signal.SIGTERM)
    assert (settings.poll_max_age, settings.deaf_after, settings.start_grace) == (60.0, 60.0, 60.0)
    assert settings.api_url == "https://api.telegram.org"
    assert settings.health_command is None
    assert settings.metrics_port == 9091


@pytest.mark.parametrize("ttl", ["0.5", "1", "2", "10", "60"])
def test_the_time_to_live_alone_can_be_changed(ttl: str) -> None:
    assert read(POLLGUARD_TTL=ttl).margins.ttl == float(ttl)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"POLLGUARD_TTL": "soon"}, "POLLGUARD_TTL must be seconds from 0 to 86400, found 'soon'"),
        ({"POLLGUARD_TTL": "nan"}, "POLLGUARD_TTL must be seconds"),
        ({"POLLGUARD_TTL": "-1"}, "POLLGUARD_TTL must be seconds"),
        ({"POLLGUARD_TTL": "0"}, "POLLGUARD_TTL must be at least 0.2 s, found 0"),
        ({"POLLGUARD_RENEW": "3"}, "POLLGUARD_RENEW must be less than POLLGUARD_TTL, found 3 and 3 s"),
        ({"POLLGUARD_RENEW": "0"}, "POLLGUARD_RENEW must be at least 0.02 s"),
        ({"POLLGUARD_RENEW": "1"}, "must not exceed POLLGUARD_TTL - POLLGUARD_TERM_GRACE"),
        ({"POLLGUARD_REDIS_TIMEOUT": "2"}, "POLLGUARD_RENEW + 2 x POLLGUARD_REDIS_TIMEOUT must not exceed"),
        ({"POLLGUARD_TERM_GRACE": "2"}, "found 1.5 s and 0.5 s"),
        ({"POLLGUARD_KILL_MARGIN": "0"}, "POLLGUARD_KILL_MARGIN must be at least 0.05 s"),
        ({"POLLGUARD_METRICS_PORT": "65536"}, "POLLGUARD_METRICS_PORT must be a whole number"),
        ({"POLLGUARD_METRICS_PORT": "9091.5"}, "POLLGUARD_METRICS_PORT must be a whole number"),
        ({"POLLGUARD_STOP_SIGNAL": "SIGNOTHING"}, "POLLGUARD_STOP_SIGNAL must be a signal's name"),
        ({"POLLGUARD_LOG_LEVEL": "loud"}, "POLLGUARD_LOG_LEVEL must be one of"),
        ({"POLLGUARD_HEALTH_COMMAND": "curl 'x"}, "POLLGUARD_HEALTH_COMMAND can't be split"),
        ({"POLLGUARD_HEALTH_RETRIES": "0"}, "must be above 0"),
        ({"INSTANCE_ID": "a b"}, "INSTANCE_ID must be 1 to 64 letters"),
        ({"POLLGUARD_LEASE_NAME": "a b"}, "POLLGUARD_LEASE_NAME must be at most 200"),
        ({"TELEGRAM_BOT_TOKEN": ""}, "set TELEGRAM_BOT_TOKEN or POLLGUARD_LEASE_NAME"),
    ],
)
def test_bad_settings(env: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**env)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == exit_codes.BAD_SETTINGS


def test_a_malformed_token_is_not_quoted() -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{"TELEGRAM_BOT_TOKEN": "12:shortsecret"})
    assert "found 14 characters" in str(caught.value)
    assert "shortsecret" not in str(caught.value)
