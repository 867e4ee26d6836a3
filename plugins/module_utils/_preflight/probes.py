# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions that make out whether a host is ready for its share of a cluster.

Private to this collection. Each is asked by itself, in a thread of its own; nothing is changed.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.docker import ADVICE, EngineError
from .._core.findings import Check
from .._host import addresses as _addresses
from .._host import certificates as _certificates
from .._host import listening_ports as _listeners
from .._host import resources as _host_resources
from .._images.references import addresses, speaks_plainly
from .._images.registry_client import Registry, RegistryError
from .._instances.neighbors import mounted_by, neighbors
from .._pollers.query import pollers_of
from .._telegram.client import BotApiError
from .._telegram.transport import connect, urls_transport
from . import bot_rules as _readiness_bot
from . import engine_rules as _engine_rules
from . import rules as _readiness
from . import service_check as _service_trial
from . import service_probe as _service_wire
from .engine_rules import EngineFacts
from .rules import Limits, Need, Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .._core.docker import Engine
    from .._instances.neighbors import Port
    from .engine_snapshot import EngineSeen
    from .service_probe import Service

_IP_FORWARD = "/proc/sys/net/ipv4/ip_forward"
_NETWORK_ADVICE = {
    "dns": "Check the name, and this host's resolver (/etc/resolv.conf).",
    "tls": "Check this host's clock and CA certificates, and for a proxy that re-signs TLS.",
    "proxy": "Check telegram_proxy, or this host's proxy variables (https_proxy, all_proxy, no_proxy).",
}
_WAY_ADVICE = "Check the way to it from this host: routes, firewall, proxy variables."


@dataclass(frozen=True)
class Host:
    """The host that is asked about.

    Args:
        seen: its engine.
        connect: makes connections to it, each for one thread.
        timeout: seconds that one question may take.
    """

    seen: EngineSeen
    connect: Callable[[], Engine]
    timeout: float

    @property
    def _step(self) -> float:
        """Seconds for one request, where a question may need several."""
        return self.timeout / 2

    def engine(self, config_file: str, added: Mapping[str, Any], peers: Sequence[str]) -> list[Check]:
        """Read the engine's settings, with those that the inventory adds, and its networks."""
        config, checks = self._daemon_config(config_file)
        # An engine that is going to be installed switches it on.
        forwarding = not self.seen.answers or Path(_IP_FORWARD).read_text(encoding="ascii").strip() == "1"
        checks += _engine_rules.engine_checks(EngineFacts(self.seen.info, {**config, **added}, forwarding))
        if peers and self.seen.answers:
            try:
                checks += _engine_rules.network_checks(self.connect().about("networks"), peers)
            except EngineError as error:
                checks.append(_refused("network", "", error))
        return checks

    def _daemon_config(self, path: str) -> tuple[dict[str, Any], list[Check]]:
        try:
            config = json.loads(Path(path).read_text(encoding="utf-8").strip() or "{}")
        except FileNotFoundError:
            return {}, []
        except (OSError, ValueError) as error:
            return {}, [_engine_rules.config_check(path, str(error))]
        if not isinstance(config, dict):
            return {}, [_engine_rules.config_check(path, type(config).__name__)]
        return config, []

    def entrypoint(self, image: str) -> list[Check]:
        """Look at the entry point of the pollers' image, where it has been pulled."""
        try:
            found = self.connect().image(image)
        except EngineError as error:
            return [_refused("entrypoint", image, error)]
        if found is None:
            return [
                Check("entrypoint", image, "skipped", "", "not pulled yet: the canary of site.yml checks it")
            ]
        return [_engine_rules.entrypoint_check(image, (found.get("Config") or {}).get("Entrypoint") or ())]

    def memory(self, placed: Sequence[Placed], margin_bytes: int) -> list[Check]:
        """Ask the kernel."""
        memory = _host_resources.memory()
        return [_readiness.memory_check(memory, placed, self.seen.running(), margin_bytes)]

    def disk(self, home: Need, images: Need) -> list[Check]:
        """Ask the file systems; a new release is made beside the one that runs."""
        size = max(images.free_bytes, 2 * self.seen.release_bytes())
        needs = [home, Need(self.seen.root, size, images.purpose)]
        return _readiness.disk_checks(needs, [_host_resources.disk(need.path) for need in needs])

    def ports(self, ports: Sequence[Port]) -> list[Check]:
        """Ask the kernel whose the addresses are, and kernel and engine who listens."""
        there = _listeners.listeners({port.number for port in ports}, self.seen.containers)
        others = neighbors(self.seen.containers, self.seen.cluster)
        owners: dict[str, list[str]] = {}
        for port in ports:
            if port.address:
                owners.setdefault(port.address, []).append(port.owner)
        return [
            *(_readiness.address_check(each, owners[each], _addresses.is_local(each)) for each in owners),
            *(_readiness.port_check(port, there, others) for port in ports),
        ]

    def folder(self, home: str) -> list[Check]:
        """Look whether another cluster's containers mount it."""
        others = neighbors(self.seen.containers, self.seen.cluster)
        there = mounted_by(self.seen.containers, home, others)
        return [_readiness.folder_check(home, self.seen.cluster, there, others)]

    def clock(self, url: str, limits: Limits, proxy: str = "") -> list[Check]:
        """Compare the host's clock with a server's, of whose seconds only the whole are told."""
        before = time.time()
        began = time.monotonic()
        try:
            date = urls_transport(timeout=self._step, proxy=proxy)(url).date
        except BotApiError as error:
            return [Check("clock", "of the host", "skipped", "", f"{url} can't be asked: {error.found}")]
        took = time.monotonic() - began
        if not date:
            return [Check("clock", "of the host", "skipped", "", f"{url} doesn't tell the time")]
        server = parsedate_to_datetime(date).timestamp() + 0.5
        return [_readiness.clock_check(url, before + took / 2 - server, took / 2 + 0.5, limits)]

    def certificate(self, name: str, text: str, limits: Limits) -> list[Check]:
        """Look at a certificate that is going to be used."""
        return [_readiness.certificate_check(name, _certificates.not_after_pem(text), _now(), limits)]

    def served_certificate(self, port: int, server_name: str, limits: Limits) -> list[Check]:
        """Look at the certificate that nginx shows."""
        der = _certificates.served("127.0.0.1", port, server_name, self._step)
        subject = f"served at port {port}"
        return [_readiness.certificate_check(subject, _certificates.not_after(der), _now(), limits)]

    def outgoing(self, url: str, proxy: str = "") -> list[Check]:
        """Ask a server for anything: name, way and TLS are what counts."""
        try:
            status = urls_transport(timeout=self._step, proxy=proxy)(url).status
        except BotApiError as error:
            advice = _NETWORK_ADVICE.get(error.reason, _WAY_ADVICE)
            return [Check("outgoing", url, "failed", "an answer", error.found, advice)]
        if status == 407:
            found, advice = "a proxy that asks for a login (407)", _NETWORK_ADVICE["proxy"]
            return [Check("outgoing", url, "failed", "an answer", found, advice)]
        return [Check("outgoing", url, "passed", "an answer", f"answers {status}")]

    def image_registry(self, registry: str, images: Sequence[str], mirrors: Sequence[str]) -> list[Check]:
        """Ask where images come from, mirrors first; it may be away while all images are there."""
        asked = addresses(registry, (*self.seen.mirrors, *mirrors), self.seen.insecure)
        failed = []
        for url in asked:
            (check,) = self.outgoing(url)
            if check.status == "passed":
                return [Check("image_registry", registry, "passed", "an answer", f"{url} {check.found}")]
            failed.append(f"{url}: {check.found}")
        lacking = [image for image in images if not self.seen.has_image(image)]
        expected = f"an answer, to pull {', '.join(lacking)}" if lacking else "an answer"
        advice = "Check the way to it from this host, or name a mirror in docker_engine_daemon_config."
        status = "failed" if lacking else "warned"
        return [Check("image_registry", registry, status, expected, "; ".join(failed), advice)]

    def registry(self, url: str, name: str, container: str, insecure: Collection[str]) -> list[Check]:
        """Ask the cluster's own registry.

        Args:
            url: where.
            name: its host and port, as images are named.
            container: its name, on the host that runs it; empty on others.
            insecure: registries that the engine is going to ask without TLS, beside those that it does.
        """
        spoken_to = {*self.seen.insecure, *insecure}
        if url.startswith("http:") and self.seen.answers and not speaks_plainly(name, spoken_to):
            expected = f"the engine to pull from {name} without TLS"
            found = f"insecure-registries {', '.join(sorted(spoken_to)) or 'none'}"
            advice = "Name it in docker_engine_daemon_config, as insecure-registries."
            return [Check("registry", url, "failed", expected, found, advice)]
        try:
            Registry(url, self._step).wait(0)
        except RegistryError as error:
            if not (self.seen.has(container) if container else self.seen.deployed):
                return [Check("registry", url, "skipped", "", "not deployed yet: site.yml does that")]
            advice = (
                f"Look at `docker logs {container}`, and start it: `docker start {container}`."
                if container
                else "Look at its host, registry_address, registry_bind_address, and the firewall between."
            )
            return [Check("registry", url, "failed", "an answer of /v2/", str(error), advice)]
        return [Check("registry", url, "passed", "an answer of /v2/", "answers")]

    def service(self, service: Service) -> list[Check]:
        """Ask one service from the host itself."""
        if service.embedded:
            found = "not to be asked from the host: site.yml runs it, and asks it from a container"
            return [Check("service", service.subject, "skipped", "", found)]
        return _service_wire.ask(service, self._step)

    def services(
        self, image: str, services: Sequence[Service], environment: Mapping[str, str]
    ) -> list[Check]:
        """Ask all services from a container, with the application's credentials."""
        try:
            said = _service_trial.run(
                self.connect(), image, self.seen.cluster, environment, patience=self.timeout - 1
            )
        except EngineError as error:
            return [_refused("service", "check", error)]
        return _service_trial.checks_of(said, services)

    def bot(self, bot: Bot) -> list[Check]:
        """Ask Telegram and the guards; never with getUpdates, which would disturb the poller that runs."""
        checks, pollers = [], []
        if self.seen.answers:
            try:
                pollers = pollers_of(
                    self.connect, self.seen.cluster, log_period=0, answer_timeout=self.timeout / 2
                )
            except EngineError as error:
                checks.append(_refused("other_poller", "", error))
        checks += _readiness_bot.stranger_checks(pollers, bot.conflict_recent_s)
        try:
            api = connect(bot.options(self._step))
            me = api.get_me()
            if bot.expected_username:
                api.expect_username(me, bot.expected_username)
            webhook = api.get_webhook_info()
        except BotApiError as error:
            return [_readiness_bot.refused(error), *checks]
        found = [_readiness_bot.identity_check(me)]
        if bot.polls:
            waiting = int(webhook["pending_update_count"])
            found += [
                _readiness_bot.webhook_check(me, webhook),
                _readiness_bot.waiting_check(waiting, pollers),
            ]
        return [*found, *checks]


@dataclass(frozen=True)
class Bot:
    """Whose token is looked at; its repr doesn't show it."""

    token: str = field(repr=False)
    api_url: str
    expected_username: str
    conflict_recent_s: float
    polls: bool = True
    proxy: str = field(default="", repr=False)

    def options(self, timeout: float) -> dict[str, Any]:
        """Return what connect() reads."""
        return {
            "token": self.token,
            "api_url": self.api_url,
            "proxy": self.proxy,
            "timeout": max(1, int(timeout)),
            "retries": 0,
            "max_wait": 0,
            "validate_certs": True,
            "ca_path": None,
        }


def _refused(kind: str, subject: str, error: EngineError) -> Check:
    return Check(kind, subject, "failed", error.expected, error.found, ADVICE[error.reason])


def _now() -> datetime:
    return datetime.now(timezone.utc)  # noqa: UP017 - hosts may have Python 3.10
