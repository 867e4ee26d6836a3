"""Ask PostgreSQL, Redis and S3 whether they answer with the credentials that an application will use.

Reads DATABASE_URL, as libpq understands it, REDIS_URL and LEASE_REDIS_URL, as the poll guard does, and the
application's own S3_*, and prints one JSON document:
``{"services": [{"service": str, "address": str, "ok": bool, "cause": str, "memory": {}}], "refused": [str]}``
``refused`` has a line for each service that doesn't serve. ``memory`` has the settings of the lease's Redis:
``policy``, ``limit_bytes`` (0: none) and ``used_bytes``; it is empty where Redis doesn't tell. What the
environment doesn't name isn't asked. No password is printed. Exit code 0 means that every service was asked,
whatever it said.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import minio
import psycopg
import redis
import redis.sentinel
import urllib3

TIMEOUT = 5  # seconds for a service to answer
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*(?=@)")

Memory = Mapping[str, str | int]


@dataclass(frozen=True)
class Service:
    """What one service said: where it was asked, whether it served, if not, why, and its memory settings."""

    service: str
    address: str
    ok: bool
    cause: str = ""
    memory: Memory = field(default_factory=dict)


def ask_postgresql(environment: Mapping[str, str]) -> Memory:
    """Log in and run a query. Raises psycopg.Error."""
    with psycopg.connect(environment["DATABASE_URL"], connect_timeout=TIMEOUT) as connection:
        connection.execute("SELECT 1")
    return {}


def ask_redis(environment: Mapping[str, str]) -> Memory:
    """Log in, write and delete a key. Raises redis.RedisError."""
    with connected(environment["REDIS_URL"]) as client:
        client.set("aisha:service-check", "1", ex=TIMEOUT)
        client.delete("aisha:service-check")
    return {}


def ask_lease(environment: Mapping[str, str]) -> Memory:
    """Write and delete a key in a script, as the poll guard does, and ask for the memory settings.

    Raises redis.RedisError, but not for a user that lacks INFO.
    """
    script = "redis.call('SET', KEYS[1], 1, 'EX', 5) return redis.call('DEL', KEYS[1])"
    with connected(environment["LEASE_REDIS_URL"]) as client:
        client.eval(script, 1, "aisha:service-check")
        try:
            memory: dict[str, Any] = client.info("memory")
        except redis.ResponseError:  # A managed Redis may keep it to itself.
            return {}
    if "maxmemory_policy" not in memory:
        return {}
    return {
        "policy": str(memory["maxmemory_policy"]),
        "limit_bytes": int(memory.get("maxmemory", 0)),
        "used_bytes": int(memory.get("used_memory", 0)),
    }


def connected(url: str) -> redis.Redis:
    """Return the client of a server, or of the one that Sentinels name. Raises redis.RedisError."""
    parts = urlsplit(url)
    if not parts.scheme.endswith("+sentinel"):
        client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None
        )
        return client
    service, database = parts.path.strip("/").split("/")
    login, _at, names = parts.netloc.rpartition("@")
    user, _colon, password = login.partition(":")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    common: dict[str, Any] = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    if parts.scheme.startswith("rediss"):
        common |= {"ssl": True} | {key: value for key, value in options.items() if key.startswith("ssl_")}
        # Of a URL the library reads this itself, and takes no text here.
        common["ssl_check_hostname"] = options.get("ssl_check_hostname", "true").lower() == "true"
    client_of: Any = redis.sentinel.Sentinel  # It has no types.
    sentinels = client_of(
        [endpoint(urlsplit(f"redis://{name}")) for name in names.split(",")],
        sentinel_kwargs={
            **common,
            "username": options.get("sentinel_username"),
            "password": options.get("sentinel_password"),
        },
        **common,
    )
    credentials = {"username": unquote(user) or None, "password": unquote(password) or None}
    found: redis.Redis = sentinels.master_for(unquote(service), db=int(database), **credentials)
    return found


def endpoint(sentinel: SplitResult) -> tuple[str, int]:
    """Return where a Sentinel is."""
    return sentinel.hostname or "", sentinel.port or 26379


def ask_s3(environment: Mapping[str, str]) -> Memory:
    """List the bucket, or make it where CREATE_BUCKET is set. Raises minio.S3Error or urllib3's."""
    endpoint = urlsplit(environment["S3_ENDPOINT_URL"])
    bucket = environment["S3_BUCKET"]
    client = minio.Minio(
        endpoint=endpoint.netloc,
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
        region=environment.get("S3_REGION") or None,
        secure=endpoint.scheme == "https",
        http_client=urllib3.PoolManager(timeout=TIMEOUT, retries=False),
    )
    try:
        next(iter(client.list_objects(bucket_name=bucket)), None)
    except minio.S3Error as error:
        if error.code != "NoSuchBucket" or not environment.get("CREATE_BUCKET"):
            raise
        client.make_bucket(bucket_name=bucket)
    return {}


# Each service: the variable that names its address, and how it is asked.
SERVICES: Mapping[str, tuple[str, Callable[[Mapping[str, str]], Memory]]] = {
    "PostgreSQL": ("DATABASE_URL", ask_postgresql),
    "Redis": ("REDIS_URL", ask_redis),
    "The lease's Redis": ("LEASE_REDIS_URL", ask_lease),
    "S3": ("S3_ENDPOINT_URL", ask_s3),
}


def without_credentials(text: str, environment: Mapping[str, str]) -> str:
    """Return the text with every password and key of the environment masked."""
    secrets = {environment.get("S3_SECRET_KEY", ""), environment.get("S3_ACCESS_KEY", "")}
    for name in ("DATABASE_URL", "REDIS_URL", "LEASE_REDIS_URL"):
        parts = urlsplit(environment.get(name, ""))
        options = parse_qs(parts.query).get("sentinel_password", [""])
        for password in (parts.password or "", *options):
            secrets |= {password, unquote(password)}
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return CREDENTIALS.sub("***", text)


def ask(service: str, environment: Mapping[str, str]) -> Service:
    """Ask one service; whatever goes wrong with it becomes its cause."""
    variable, question = SERVICES[service]
    url = urlsplit(environment[variable])
    address = f"{url.netloc.rpartition('@')[2]}{url.path}"
    try:
        memory = question(environment)
    except KeyError as error:
        return Service(service, address, False, f"{error.args[0]} is not set")
    except (
        Exception
    ) as error:  # Each library has errors of its own, and all of them are this service's cause.
        lines = without_credentials(str(error), environment).strip().splitlines() or [""]
        return Service(service, address, False, f"{type(error).__name__}: {lines[-1].strip()}")
    return Service(service, address, True, memory=memory)


def main() -> None:
    """Ask all services that the environment names, at the same time."""
    named = [service for service, (variable, _question) in SERVICES.items() if os.environ.get(variable)]
    with ThreadPoolExecutor(max_workers=len(SERVICES)) as pool:
        services = list(pool.map(lambda service: ask(service, os.environ), named))
    refused = [
        f"{service.service} at {service.address}: {service.cause}" for service in services if not service.ok
    ]
    print(json.dumps({"services": [asdict(service) for service in services], "refused": refused}))


if __name__ == "__main__":
    main()
