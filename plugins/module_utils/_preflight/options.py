# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of host_readiness_info to the questions that they ask for.

Private to this collection. No I/O here; the questions do theirs when they are asked.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.text.formatters import human_to_bytes

from .._core.address import canonical
from .._core.connection_url import UrlError
from .._core.database_url import database_of, is_other
from .._core.redis_url import redis_of
from .._images.references import by_registry
from .._instances.neighbors import Port
from .probes import Bot, Host
from .rules import MIB, Limits, Need, Placed
from .service_check import check_image
from .service_probe import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._core.findings import Check

    Questions = dict[tuple[str, str], Callable[[], Sequence[Check]]]

_TEXT = {"type": "str", "default": ""}
_NAME = {"type": "str", "required": True}
_SECRET = {"type": "str", "default": "", "no_log": True}
# Named as a secret is, and none.
_OPEN = {"type": "str", "default": "", "no_log": False}


def _dict(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "dict", "options": dict(options)}


def _list(options: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "options": dict(options), **more}


def _strings(**more: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "str", "default": [], **more}


OPTIONS: dict[str, dict[str, Any]] = {
    "cluster_name": {"type": "str", "default": "aisha"},
    "answer_timeout": {"type": "float", "default": 12},
    "daemon_config_file": {"type": "path", "default": "/etc/docker/daemon.json"},
    "daemon_config": {"type": "dict", "default": {}},
    "peers": _strings(),
    "poller_image": _TEXT,
    "bot": _dict(
        {
            "token": {"type": "str", "required": True, "no_log": True},
            "api_url": {"type": "str", "default": "https://api.telegram.org"},
            "expected_username": _TEXT,
            "polls": {"type": "bool", "default": True},
        }
    ),
    "conflict_recent": {"type": "int", "default": 300},
    "registry": _dict({"url": _NAME, "name": _NAME, "container": _TEXT, "insecure": _strings()}),
    "images": _strings(),
    "mirrors": _strings(),
    "services": _dict(
        {
            "database_url": _SECRET,
            "redis_url": _SECRET,
            "lease_redis_url": _SECRET,
            "s3_endpoint_url": _TEXT,
            "s3_access_key": _OPEN,
            "s3_secret_key": _SECRET,
            "s3_bucket": _TEXT,
            "s3_region": _TEXT,
            "embedded": _strings(choices=["postgresql", "redis", "object_storage"]),
            "check_repository": _TEXT,
        }
    ),
    "instances": _list({"name": _NAME, "memory": {"type": "str", "default": "0"}}),
    "memory_margin_mb": {"type": "int", "default": 256},
    "home": {"type": "path"},
    "home_minimum_mb": {"type": "int", "default": 512},
    "disk_minimum_mb": {"type": "int", "default": 2048},
    "ports": _list(
        {"number": {"type": "int", "required": True}, "address": _TEXT, "owner": _NAME}, default=[]
    ),
    "clock_url": _TEXT,
    "proxies": {"type": "dict", "default": {}, "no_log": True},
    "clock_warn": {"type": "float", "default": 2},
    "clock_limit": {"type": "float", "default": 30},
    "outgoing_urls": _strings(),
    "certificate": _dict({"name": _NAME, "pem": _NAME}),
    "served_certificate": _dict(
        {"port": {"type": "int", "required": True}, "server_name": _TEXT, "container": _NAME}
    ),
    "certificate_warn_days": {"type": "int", "default": 30},
    "certificate_minimum_days": {"type": "int", "default": 14},
}

# Each service: for people, its option, the inventory's variables, and its name where the cluster runs it.
_SERVICES = (
    ("PostgreSQL", "database_url", "database_*", "postgresql"),
    ("Redis", "redis_url", "redis_*", "redis"),
    ("The lease's Redis", "lease_redis_url", "bot_cluster_lease_redis_url", "redis"),
    ("S3", "s3_endpoint_url", "s3_endpoint_url", "object_storage"),
)


def questions(host: Host, params: Mapping[str, Any], check_mode: bool) -> Questions:
    """Return the questions by kind and subject, in the order in which people read them."""
    return {
        **_of_machine(host, params),
        **_of_bot(host, params),
        **_of_services(host, params, check_mode),
        **_of_network(host, params),
        **_of_certificates(host, params),
    }


def secrets_of(params: Mapping[str, Any]) -> list[str]:
    """Return the secrets among the options, as lines of an environment."""
    services = params["services"] or {}
    named = ("database_url", "redis_url", "lease_redis_url", "s3_secret_key")
    lines = [f"{name.upper()}={services[name]}" for name in named if services.get(name)]
    lines += [f"PROXY={proxy}" for proxy in params["proxies"].values()]
    return [*lines, f"TELEGRAM_BOT_TOKEN={params['bot']['token']}"] if params["bot"] else lines


def _of_machine(host: Host, params: Mapping[str, Any]) -> Questions:
    asked: Questions = {}
    if host.seen.answers or params["daemon_config"]:
        asked["engine", ""] = partial(
            host.engine, params["daemon_config_file"], params["daemon_config"], params["peers"]
        )
    if host.seen.answers and params["poller_image"]:
        asked["entrypoint", params["poller_image"]] = partial(host.entrypoint, params["poller_image"])
    if params["instances"] is not None:
        placed = [Placed(one["name"], _bytes(one["memory"])) for one in params["instances"]]
        asked["memory", ""] = partial(host.memory, placed, params["memory_margin_mb"] * MIB)
    if params["home"]:
        home = Need(params["home"], params["home_minimum_mb"] * MIB, "the cluster's folder")
        images = Need("", params["disk_minimum_mb"] * MIB, "images and volumes")
        asked["disk", ""] = partial(host.disk, home, images)
        asked["folder", params["home"]] = partial(host.folder, params["home"])
    if params["ports"]:
        ports = [Port(one["number"], canonical(one["address"]), one["owner"]) for one in params["ports"]]
        asked["port", ""] = partial(host.ports, ports)
    if params["clock_url"]:
        limits = Limits(params["clock_warn"], params["clock_limit"])
        asked["clock", "of the host"] = partial(
            host.clock, params["clock_url"], limits, _proxy(params, params["clock_url"])
        )
    return asked


def _of_bot(host: Host, params: Mapping[str, Any]) -> Questions:
    if params["bot"] is None:
        return {}
    proxy = _proxy(params, params["bot"]["api_url"])
    bot = Bot(**params["bot"], conflict_recent_s=params["conflict_recent"], proxy=proxy)
    return {("bot_token", bot.api_url): partial(host.bot, bot)}


def _of_services(host: Host, params: Mapping[str, Any], check_mode: bool) -> Questions:
    options = params["services"] or {}
    services = [
        Service(name, variable, options[option], embedded if embedded in options["embedded"] else "")
        for name, option, variable, embedded in _SERVICES
        if options.get(option) and not (option == "database_url" and is_other(options[option]))
    ]
    if not services:
        return {}
    repository = options["check_repository"]
    image = check_image(host.seen.images, repository) if repository and not check_mode else None
    environment = _environment(options)
    asked: Questions = {}
    if image is not None and environment is not None:
        # It can't reach what only the application can.
        probed = [one for one in services if not one.unprobed]
        if probed:
            subject = ", ".join(one.subject for one in probed)
            asked["service", subject] = partial(host.services, image, probed, environment)
        services = [one for one in services if one.unprobed]
    return asked | {("service", one.subject): partial(host.service, one) for one in services}


def _environment(options: Mapping[str, Any]) -> dict[str, str] | None:
    """What the image that asks is given; None where an address can't be read, which its own question says."""
    read: dict[str, Callable[[str], str]] = {
        "database_url": lambda url: "" if is_other(url) else database_of(url).for_probe(),
        "redis_url": lambda url: redis_of(url).for_probe(),
        "lease_redis_url": lambda url: redis_of(url).for_probe(),
    }
    given = {name: value for name, value in options.items() if isinstance(value, str) and value}
    given.pop("check_repository", None)
    try:
        return {name.upper(): read.get(name, str)(value) for name, value in given.items()}
    except UrlError:
        return None


def _of_network(host: Host, params: Mapping[str, Any]) -> Questions:
    asked: Questions = {}
    registry = params["registry"]
    own = registry["name"] if registry else ""
    if registry:
        asked["registry", registry["url"]] = partial(host.registry, **registry)
    for name, images in by_registry(params["images"], own).items():
        asked["image_registry", name] = partial(host.image_registry, name, images, params["mirrors"])
    for url in params["outgoing_urls"]:
        asked["outgoing", url] = partial(host.outgoing, url, _proxy(params, url))
    return asked


def _of_certificates(host: Host, params: Mapping[str, Any]) -> Questions:
    asked: Questions = {}
    limits = Limits(params["certificate_warn_days"], params["certificate_minimum_days"])
    coming, served = params["certificate"], params["served_certificate"]
    if coming:
        asked["certificate", coming["name"]] = partial(
            host.certificate, coming["name"], coming["pem"], limits
        )
    if served and served["container"] in host.seen.running():
        subject = f"served at port {served['port']}"
        asked["certificate", subject] = partial(
            host.served_certificate, served["port"], served["server_name"], limits
        )
    return asked


def _proxy(params: Mapping[str, Any], url: str) -> str:
    """Through which a URL is reached; empty leaves it to the host's environment."""
    return str(params["proxies"].get(url, ""))


def _bytes(text: str) -> int:
    """Of a limit as Docker takes it."""
    return int(human_to_bytes(text))
