# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the external services from a container of the cluster's network: the way that the application takes.

Private to this collection. The image is the cluster's own, service-check, of the last deployment.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from .._core.docker import READABLE_LOG, EngineError
from .._core.findings import Check
from .._instances.labels import CLUSTER_LABEL, COMPONENT_LABEL
from .redis_memory import RedisMemory, check_redis_memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.docker import Engine
    from .service_probe import Service

LEASE_REDIS = "The lease's Redis"
_PAUSE = 0.1
_ADVICE = (
    "Check {variable} of the inventory, and that the service listens where containers of this host reach it. "
    "Embedded services keep the credentials that they were first made with."
)


def check_image(images: Sequence[Mapping[str, object]], repository: str) -> str | None:
    """Return the newest image of a repository that an engine has, by its id."""
    prefixes = (f"{repository}:", f"{repository}@")
    found = [
        image
        for image in images
        for names in (image.get("RepoTags"), image.get("RepoDigests"))
        if isinstance(names, list) and any(str(name).startswith(prefixes) for name in names)
    ]
    newest = max(found, key=lambda image: int(str(image.get("Created") or 0)), default=None)
    return str(newest["Id"]) if newest else None


def run(engine: Engine, image: str, cluster: str, environment: Mapping[str, str], patience: float) -> str:
    """Run the image once beside what runs, and return what it printed.

    Args:
        engine: where.
        image: what.
        cluster: its name, which is its network's too.
        environment: the services' addresses and credentials.
        patience: seconds until it is given up.

    Raises EngineError. Nothing is left of the container.
    """
    name = f"{cluster}-preflight-{secrets.token_hex(4)}"
    config = {
        "Image": image,
        "Env": [f"{key}={value}" for key, value in environment.items()],
        "Labels": {CLUSTER_LABEL: cluster, COMPONENT_LABEL: "preflight"},
        "HostConfig": {"LogConfig": READABLE_LOG, "NetworkMode": cluster},
    }
    until = time.monotonic() + patience
    try:
        engine.create(name, config, {})
        engine.start(name)
        while True:
            container = engine.inspect(name)
            state = (container or {}).get("State") or {}
            if state.get("Status") in ("exited", "dead"):
                break
            if time.monotonic() > until:
                raise EngineError("refused", f"none within {patience:g} s", expected=f"an end of {name}")
            time.sleep(_PAUSE)
        said = engine.log(name, since=1, lines=1000)
        if state.get("ExitCode") != 0:
            last = (said.strip().splitlines() or ["nothing"])[-1]
            raise EngineError(
                "refused", f"{state.get('ExitCode')}, and it said: {last}", expected="exit code 0"
            )
        return said
    finally:
        with suppress(EngineError):
            engine.remove(name)


def checks_of(said: str, services: Sequence[Service]) -> list[Check]:
    """Return the checks of each service; raise ValueError for what isn't the image's answer."""
    try:
        # What comes before are libraries' warnings.
        last = said.strip().splitlines()[-1]
        answers = {str(one["service"]): one for one in json.loads(last)["services"]}
    except (ValueError, KeyError, TypeError, IndexError):
        raise ValueError("expected the services' answers as JSON, found something else") from None
    checks = []
    for service in services:
        answer = answers.get(service.name, {"ok": False, "cause": "that it wasn't asked"})
        expected = "an answer to the application's credentials"
        if answer["ok"]:
            found = "answers to the application's credentials"
            checks.append(Check("service", service.subject, "passed", expected, found))
            if service.name == LEASE_REDIS:
                checks.append(check_redis_memory(service, RedisMemory.of(answer.get("memory"))))
        else:
            advice = _ADVICE.format(variable=service.variable)
            checks.append(Check("service", service.subject, "failed", expected, str(answer["cause"]), advice))
    return checks
