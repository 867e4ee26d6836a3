"""Settings of `pollguard run`, from the environment; validated as a whole before anything starts.

Durations are seconds. README.md lists every variable with its default.
"""

from __future__ import annotations

import math
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from .address import host_port
from .errors import RedisUrlError, SettingsError
from .gate.alias import alias_of
from .gate.bot_api import PERMISSIONS
from .lease.redis_url import RedisAddress, parse_redis_url
from .naming import TOKEN_VARIABLES, instance_name, lease_name
from .proxy import Proxy, proxy_for, telegram_proxy

DEFAULT_API_URL = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Margins:
    """The lease's times. All count from before the request that renewed last.

    0 ─ renewals ─ term_at ─ (COMMAND may finish) ─ kill_at ─ (certainly dead) ─ deadline = ttl
    """

    ttl: float = 3.0
    renew: float = 0.5
    request_timeout: float = 0.5
    term_grace: float = 1.0
    kill_margin: float = 0.5

    def deadline(self, renewed_at: float) -> float:
        """From then on another may hold the lease."""
        return renewed_at + self.ttl

    def kill_at(self, renewed_at: float) -> float:
        """From then on COMMAND is killed without further ado."""
        return self.deadline(renewed_at) - self.kill_margin

    def term_at(self, renewed_at: float) -> float:
        """From then on COMMAND is asked to end."""
        return self.kill_at(renewed_at) - self.term_grace

    def validate(self, *, kills: bool) -> None:
        """Raise SettingsError when such a lease can't be held; `kills`: with COMMAND dead before it ends."""
        for variable, value, least in (
            ("POLLGUARD_TTL", self.ttl, 0.2),
            ("POLLGUARD_RENEW", self.renew, 0.02),
            ("POLLGUARD_REDIS_TIMEOUT", self.request_timeout, 0.02),
            ("POLLGUARD_KILL_MARGIN", self.kill_margin, 0.05),
        ):
            if value < least:
                raise SettingsError(f"{variable} must be at least {least} s, found {value:g}")
        if self.renew >= self.ttl:
            raise SettingsError(
                f"POLLGUARD_RENEW must be less than POLLGUARD_TTL, found {self.renew:g} and {self.ttl:g} s"
            )
        # As Patroni's rule: one renewal may fail and be repeated before that has consequences.
        needed, left, limit = self.renew + 2 * self.request_timeout, self.ttl, "POLLGUARD_TTL"
        if kills:
            left -= self.kill_margin + self.term_grace
            limit += " - POLLGUARD_TERM_GRACE - POLLGUARD_KILL_MARGIN"
        if needed > left + 1e-6:
            raise SettingsError(
                f"POLLGUARD_RENEW + 2 x POLLGUARD_REDIS_TIMEOUT must not exceed {limit}, "
                f"found {needed:g} s and {left:g} s"
            )


@dataclass(frozen=True, slots=True)
class HealthCommand:
    """A program that says by its exit code whether COMMAND is well."""

    argv: tuple[str, ...]
    interval: float
    timeout: float
    retries: int


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What gate mode needs beside the rest."""

    token: str = field(repr=False)
    bot_token: str = field(repr=False)
    """The token that COMMAND is given and the gate accepts: an alias, unless the real one is exposed."""
    address: str
    port: int
    api_url_variables: tuple[str, ...]
    """Names under which COMMAND looks for the Bot API's address."""
    redeliver: bool
    """What a crashed COMMAND may not have finished comes again."""
    after_idle: bool
    keep: bool
    """The active goes on while Redis is away."""
    permissions: frozenset[str]
    quiet: float

    @property
    def url(self) -> str:
        """The Bot API's address for COMMAND."""
        return f"http://{host_port(self.address, self.port)}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything `run` needs to know."""

    redis: RedisAddress
    instance: str
    lease: str
    margins: Margins
    stop_timeout: float
    stop_signal: signal.Signals
    leftover_grace: float
    step_back: float
    start_grace: float
    poll_max_age: float
    deaf_after: float
    api_url: str
    proxy: Proxy | None
    """The way to the Bot API, the guard's in gate mode and COMMAND's in process mode; None: a direct one."""
    health_command: HealthCommand | None
    metrics_port: int
    metrics_address: str
    log_level: str
    gate: GateSettings | None
    """None in process mode."""
    standby_only: bool = False
    """A trial beside the pollers: it never takes the lease, and isn't one of the standbys."""


def from_environment(env: Mapping[str, str], mode: str) -> Settings:
    """Read and check all settings; raises SettingsError (RedisUrlError for the URL) with one clear line."""
    url = env.get("POLLGUARD_REDIS_URL", "")
    if not url:
        raise RedisUrlError("POLLGUARD_REDIS_URL is not set")
    read = _Reader(env)
    # What isn't set follows the time to live, so that changing that one alone stays consistent.
    ttl = read.seconds("POLLGUARD_TTL", 3.0)
    margins = Margins(
        ttl=ttl,
        renew=read.seconds("POLLGUARD_RENEW", min(0.5, ttl / 6)),
        request_timeout=read.seconds("POLLGUARD_REDIS_TIMEOUT", ttl / 6),
        term_grace=read.seconds("POLLGUARD_TERM_GRACE", ttl / 3),
        kill_margin=read.seconds("POLLGUARD_KILL_MARGIN", min(1.0, ttl / 6)),
    )
    margins.validate(kills=mode == "process")
    poll_max_age = read.seconds("POLLGUARD_POLL_MAX_AGE", 60.0)
    api_url = env.get("TELEGRAM_API_URL") or DEFAULT_API_URL
    return Settings(
        redis=parse_redis_url(url),
        instance=instance_name(env),
        lease=lease_name(env),
        margins=margins,
        stop_timeout=read.seconds("POLLGUARD_STOP_TIMEOUT", 25.0),
        stop_signal=read.signal("POLLGUARD_STOP_SIGNAL", signal.SIGTERM),
        leftover_grace=read.seconds("POLLGUARD_LEFTOVER_GRACE", 2.0),
        step_back=read.seconds("POLLGUARD_STEP_BACK", max(2.0, ttl)),
        start_grace=read.seconds("POLLGUARD_START_GRACE", 60.0),
        poll_max_age=poll_max_age,
        deaf_after=read.seconds("POLLGUARD_DEAF_AFTER", poll_max_age),
        api_url=api_url,
        # What else a process reads of the environment is its own business.
        proxy=proxy_for(env, api_url) if mode == "gate" else telegram_proxy(env),
        health_command=_health_command(env, read),
        metrics_port=read.whole("POLLGUARD_METRICS_PORT", 9091, most=65535),
        metrics_address=env.get("POLLGUARD_METRICS_ADDRESS") or "0.0.0.0",  # noqa: S104 (scraped from outside)
        log_level=read.choice("POLLGUARD_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        gate=_gate(env, read) if mode == "gate" else None,
        standby_only=read.flag("POLLGUARD_STANDBY_ONLY", "false"),
    )


def _gate(env: Mapping[str, str], read: _Reader) -> GateSettings:
    token = next((env[name] for name in TOKEN_VARIABLES if env.get(name)), "")
    if not token:
        raise SettingsError("gate mode needs TELEGRAM_BOT_TOKEN (or TELEGRAM_TOKEN): it polls for COMMAND")
    api_url = env.get("TELEGRAM_API_URL") or DEFAULT_API_URL
    if not api_url.startswith(("http://", "https://")):
        raise SettingsError(f"TELEGRAM_API_URL must begin with http:// or https://, found {api_url!r}")
    exposure = read.choice("POLLGUARD_TOKEN_EXPOSURE", "guard_only", ("guard_only", "bot"))
    # A trial runs code that nobody has seen at work: it never gets the real token.
    exposed = exposure == "bot" and not read.flag("POLLGUARD_STANDBY_ONLY", "false")
    gate = GateSettings(
        token=token,
        bot_token=token if exposed else alias_of(token),
        address=env.get("POLLGUARD_GATE_ADDRESS") or "127.0.0.1",
        port=read.whole("POLLGUARD_GATE_PORT", 8081, most=65535),
        api_url_variables=("TELEGRAM_API_URL", *read.names("POLLGUARD_API_URL_VARIABLES")),
        redeliver=read.flag("POLLGUARD_REDELIVER_AFTER_CRASH", "true"),
        after_idle=read.choice("POLLGUARD_HANDOVER", "at_once", ("at_once", "after_idle")) == "after_idle",
        keep=read.choice("POLLGUARD_ON_STORE_LOSS", "stop", ("stop", "keep")) == "keep",
        permissions=frozenset(read.names("POLLGUARD_ACTIVE_MAY", "deleteWebhook", PERMISSIONS)),
        quiet=read.seconds("POLLGUARD_QUIET", 5.0),
    )
    if gate.port == 0:
        raise SettingsError("POLLGUARD_GATE_PORT must be a port from 1 to 65535, found 0")
    if api_url.rstrip("/") == gate.url:
        raise SettingsError(
            f"TELEGRAM_API_URL is the gate's own address ({gate.url}): it must be the real Bot API's, "
            "COMMAND is given the gate's"
        )
    return gate


def _health_command(env: Mapping[str, str], read: _Reader) -> HealthCommand | None:
    text = env.get("POLLGUARD_HEALTH_COMMAND", "")
    try:
        argv = tuple(shlex.split(text))
    except ValueError as error:
        raise SettingsError(f"POLLGUARD_HEALTH_COMMAND can't be split into words: {error}") from None
    interval = read.seconds("POLLGUARD_HEALTH_INTERVAL", 10.0)
    timeout = read.seconds("POLLGUARD_HEALTH_TIMEOUT", 5.0)
    retries = read.whole("POLLGUARD_HEALTH_RETRIES", 3, most=1000)
    if interval <= 0 or timeout <= 0 or retries < 1:
        raise SettingsError("POLLGUARD_HEALTH_INTERVAL, _TIMEOUT and _RETRIES must be above 0")
    return HealthCommand(argv, interval, timeout, retries) if argv else None


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def seconds(self, variable: str, default: float) -> float:
        text = self._env.get(variable, "")
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value <= 86_400:
            raise SettingsError(f"{variable} must be seconds from 0 to 86400, found {text!r}")
        return value

    def whole(self, variable: str, default: int, most: int) -> int:
        text = self._env.get(variable, "")
        if not text:
            return default
        if not text.isdecimal() or int(text) > most:
            raise SettingsError(f"{variable} must be a whole number from 0 to {most}, found {text!r}")
        return int(text)

    def choice(self, variable: str, default: str, allowed: tuple[str, ...]) -> str:
        value = (self._env.get(variable) or default).lower()
        if value not in allowed:
            raise SettingsError(f"{variable} must be one of {', '.join(allowed)}, found {value!r}")
        return value

    def flag(self, variable: str, default: str) -> bool:
        return self.choice(variable, default, ("true", "false")) == "true"

    def names(self, variable: str, default: str = "", allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = tuple(filter(None, (part.strip() for part in self._env.get(variable, default).split(","))))
        for name in found:
            if allowed and name not in allowed:
                raise SettingsError(f"{variable} may hold {', '.join(allowed)}; found {name!r}")
        return found

    def signal(self, variable: str, default: signal.Signals) -> signal.Signals:
        text = self._env.get(variable, "")
        if not text:
            return default
        try:
            if text.isdecimal():
                return signal.Signals(int(text))
            return signal.Signals["SIG" + text.removeprefix("SIG")]
        except (KeyError, ValueError):
            raise SettingsError(f"{variable} must be a signal's name or number, found {text!r}") from None
