"""Settings, read once from the environment."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from app.queue_keys import QUEUE_DATABASE

TOKEN: Final = re.compile(r"[1-9]\d{0,16}:[A-Za-z0-9_-]{24,}")
FAL_JWKS_URL: Final = "https://rest.alpha.fal.ai/.well-known/jwks.json"

_S3 = ("S3_ENDPOINT_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET")
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "webhook": ("DATABASE_URL", "REDIS_URL"),
    "polling": ("DATABASE_URL", "REDIS_URL", "TELEGRAM_BOT_TOKEN"),
    "worker": ("DATABASE_URL", "REDIS_URL", "TELEGRAM_BOT_TOKEN", *_S3),
    "migrate": ("DATABASE_URL",),
}


class SettingsError(Exception):
    """The environment lacks something or holds a value of no use; the text names it, never a secret."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured; secrets stay out of its repr."""

    instance_id: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    telegram_token: str = field(repr=False)
    telegram_api_url: str
    telegram_proxy: str = field(repr=False)
    """URL of a proxy (http, https, socks5 or socks5h) for the Bot API; empty: none."""
    s3_endpoint_url: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_bucket: str
    s3_region: str
    fal_jwks_url: str
    worker_concurrency: int
    shutdown_timeout: float
    """Seconds that running work is given after SIGTERM."""
    avatar_seconds: float
    """Seconds that drawing takes on top, to watch what a stop does to a running job."""
    metrics_port: int
    """Where a worker serves its metrics; 0 is nowhere."""

    @property
    def queue_url(self) -> str:
        """REDIS_URL with the queue's database in place of its own."""
        return urlunsplit(urlsplit(self.redis_url)._replace(path=f"/{QUEUE_DATABASE}"))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in a log, longest first."""
        passwords = (
            urlsplit(url).password for url in (self.database_url, self.redis_url, self.telegram_proxy)
        )
        found = {self.telegram_token, self.s3_secret_key, *(p for p in passwords if p)}
        return tuple(sorted(filter(None, found), key=len, reverse=True))


def _number(env: Mapping[str, str], name: str, default: float, least: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError:
        raise SettingsError(f"{name}: expected a number") from None
    if not least <= value < float("inf"):
        raise SettingsError(f"{name}: expected at least {least:g}, found {value:g}")
    return value


def instance_id(env: Mapping[str, str] = os.environ) -> str:
    """The name of this container among its siblings; the host's name where nothing sets it."""
    return env.get("INSTANCE_ID") or socket.gethostname()


def load(command: str, env: Mapping[str, str] = os.environ) -> Settings:
    """Read what ``command`` needs.

    Raises:
        SettingsError: something is missing or malformed.
    """
    given = {name: value for name, value in env.items() if value}
    token = given.get("TELEGRAM_BOT_TOKEN") or given.get("TELEGRAM_TOKEN", "")
    if token:
        given["TELEGRAM_BOT_TOKEN"] = token
    missing = [name for name in _REQUIRED[command] if name not in given]
    if missing:
        raise SettingsError(f"not set: {', '.join(missing)}")
    if "TELEGRAM_BOT_TOKEN" in _REQUIRED[command] and not TOKEN.fullmatch(token):
        raise SettingsError("TELEGRAM_BOT_TOKEN: not a token (expected <digits>:<24 or more characters>)")
    return Settings(
        instance_id=instance_id(given),
        database_url=given.get("DATABASE_URL", ""),
        redis_url=given.get("REDIS_URL", ""),
        telegram_token=token,
        telegram_api_url=given.get("TELEGRAM_API_URL", "https://api.telegram.org").rstrip("/"),
        telegram_proxy=given.get("TELEGRAM_PROXY", ""),
        s3_endpoint_url=given.get("S3_ENDPOINT_URL", ""),
        s3_access_key=given.get("S3_ACCESS_KEY", ""),
        s3_secret_key=given.get("S3_SECRET_KEY", ""),
        s3_bucket=given.get("S3_BUCKET", ""),
        s3_region=given.get("S3_REGION", "us-east-1"),
        fal_jwks_url=given.get("FAL_JWKS_URL", FAL_JWKS_URL),
        worker_concurrency=int(_number(given, "WORKER_CONCURRENCY", 5, 1)),
        shutdown_timeout=_number(given, "SHUTDOWN_TIMEOUT", 25, 1),
        avatar_seconds=_number(given, "AVATAR_SECONDS", 0, 0),
        metrics_port=int(_number(given, "METRICS_PORT", 9092, 0)),
    )
