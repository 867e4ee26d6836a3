"""A cluster as its hosts describe it, in the form in which a play gathers it, to be changed by a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.build import report_of
from ansible_collections.aisha.cluster.plugins.plugin_utils._report.model import Limits, Look, Report

GIB = 2**30
AT = "2026-03-01T12:00:00+00:00"


def instance(name: str, component: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "component": component,
        "image": f"localhost:5000/aisha@sha256:{'1f' * 32}",
        "state": "running",
        "health": "healthy",
        "exit_code": None,
        "restarts": 0,
        "age_s": 7260.0,
        "problem": None,
        "memory_bytes": 64 * 2**20,
        "memory_limit_bytes": 512 * 2**20,
        "cpu_pct": 1.5,
        **changes,
    }


def poller(name: str, role: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "role": role,
        "good": True,
        "problem": None,
        "poll_age_s": 0.0 if role == "active" else None,
        "lease": {"holder": "bot-polling-1"},
        "conflicts": {"guard": 0, "age_s": None},
        **changes,
    }


def endpoint(name: str, url: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "url": url,
        "status": 200,
        "elapsed_s": 0.012,
        "problem": None,
        "certificate_days_left": 83.4 if url.startswith("https") else None,
        **changes,
    }


def resources(**changes: Any) -> dict[str, Any]:
    return {
        "load": {"one_m": 0.3, "five_m": 0.4, "fifteen_m": 0.5, "cpus": 4},
        "memory": {"total_bytes": 32 * GIB, "available_bytes": 24 * GIB},
        "disks": [{"path": "/", "total_bytes": 100 * GIB, "free_bytes": 40 * GIB, "device": 1}],
        "engine": {"version": "20.10.24", "running": 10, "stopped": 1, "problem": None},
        "problems": [],
        **changes,
    }


class Cluster:
    """One host with everything on it, all of it well, until a test changes that.

    Attributes:
        looks: what the hosts say, by their names.
    """

    def __init__(self) -> None:
        self.looks: dict[str, dict[str, Any]] = {"one": self._whole()}

    @property
    def one(self) -> dict[str, Any]:
        """What the first host says."""
        return self.looks["one"]

    def instance(self, name: str) -> dict[str, Any]:
        return self._named("instances", "instances", name)

    def poller(self, name: str) -> dict[str, Any]:
        return self._named("pollers", "pollers", name)

    def endpoint(self, name: str) -> dict[str, Any]:
        return self._named("endpoints", "endpoints", name)

    def log(self, name: str) -> dict[str, Any]:
        return self._named("logs", "instances", name)

    def stop(self, name: str) -> None:
        """End a container as "docker stop" does."""
        problem = "that it is exited, exit code 0"
        self.instance(name).update(state="exited", health=None, exit_code=0, age_s=None, problem=problem)
        for each in self.one["endpoints"]["endpoints"]:
            if name in each["name"]:
                each.update(status=None, elapsed_s=None, problem="ConnectionRefusedError: refused")
        for each in self.one["pollers"]["pollers"]:
            if each["name"] == name:
                each.update(role="unknown", good=False, poll_age_s=None, problem="it doesn't run")

    def remove(self, name: str) -> None:
        for part, key in (("instances", "instances"), ("pollers", "pollers"), ("logs", "instances")):
            self.one[part][key] = [each for each in self.one[part][key] if each["name"] != name]

    def report(self, previous: dict[str, Any] | None = None, **limits: Any) -> Report:
        looks = [Look.read(look) for look in self.looks.values()]
        return report_of("aisha", looks, Limits(**limits), AT, previous)

    def said(self, *severities: str, **limits: Any) -> list[str]:
        """Return what is told of some severities; of all but notes without any."""
        wanted = severities or ("degraded", "down")
        return [str(each) for each in self.report(**limits).problems if each.severity in wanted]

    def _named(self, part: str, key: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.one[part][key] if each["name"] == name)
        return found

    @staticmethod
    def _whole() -> dict[str, Any]:
        components = {
            "aisha-nginx-prod": "nginx",
            "aisha-webhook-api-1": "webhook-api",
            "aisha-webhook-api-2": "webhook-api",
            "aisha-bot-polling-1": "bot-polling",
            "aisha-bot-polling-2": "bot-polling",
            "aisha-worker-1": "worker",
        }
        services = {"aisha-registry": "registry", "aisha-redis": "external-services"}
        return {
            "host": "one",
            "wanted": [*components, "aisha-registry"],
            "instances": {"instances": [instance(*each) for each in (components | services).items()]},
            "pollers": {
                "pollers": [poller("aisha-bot-polling-1", "active"), poller("aisha-bot-polling-2", "standby")]
            },
            "endpoints": {
                "endpoints": [
                    endpoint("aisha-webhook-api-1", "http://127.0.0.1:8001/health"),
                    endpoint("aisha-webhook-api-2", "http://127.0.0.1:8002/health"),
                    endpoint("aisha-nginx-prod", "https://127.0.0.1:443/nginx-health"),
                    endpoint("webhook API through aisha-nginx-prod", "https://127.0.0.1:443/health"),
                    endpoint("aisha-registry", "http://127.0.0.1:5000/v2/"),
                ]
            },
            "logs": {
                "instances": [
                    {"name": name, "component": what, "errors": 0, "last_error": None}
                    for name, what in components.items()
                ]
            },
            "resources": resources(),
            "telegram": {
                "bot": {"id": 123456789, "username": "aisha_bot", "first_name": "Aisha"},
                "webhook": {"url": "", "pending_update_count": 0, "last_error_message": None},
            },
            "releases": {
                "releases": [
                    {
                        "number": number,
                        "name": f"2026-03-0{number}",
                        "at": f"2026-03-0{number}T08:00:00+00:00",
                        "by": "ann@control",
                        "source": "git 1f0a4c2",
                        "action": "rolling_update",
                        "images": {"bot": f"localhost:5000/aisha-bot@sha256:{'2e' * 32}"},
                    }
                    for number in range(1, 8)
                ]
            },
        }


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def another() -> Callable[..., dict[str, Any]]:
    """Return what makes an instance, for one that is added."""
    return instance
