# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to a Docker engine, for modules.

Private to this collection. Stands on the Docker SDK for Python from 5.0.0 on, which the modules of
community.docker need as well; their own client is private to them.
"""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback, missing_required_lib

try:
    from docker import APIClient
    from docker import __version__ as sdk_version
    from docker.errors import APIError, DockerException, NotFound
    from docker.tls import TLSConfig
    from docker.utils.socket import SocketError
    from requests.exceptions import RequestException

    LIBRARY_ERROR = None
except ImportError:
    LIBRARY_ERROR = traceback.format_exc()

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIRED_TOGETHER = [("client_cert", "client_key")]
ADVICE = {
    "library_missing": "The role aisha.cluster.docker_engine installs it.",
    "bad_option": "Correct the option.",
    "permission_denied": "Run the task with become: true.",
    "unreachable": "Start the engine, or correct docker_host.",
    "refused": "The engine's own log says more.",
}

# Of containers whose output is read; the engine's own log driver may be one that keeps none.
READABLE_LOG = {"Type": "json-file"}


class EngineError(Exception):
    """Anything that keeps the engine from doing what it was asked for.

    Args:
        reason: a key of ADVICE.
        found: what was found, as the end of a sentence.
        expected: what was expected, likewise.
        subject: whom it is about.
        details: for developers; no part of the message.
    """

    def __init__(
        self, reason: str, found: str, *, expected: str, subject: str = "Docker engine", details: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.found = found
        self.expected = expected
        self.subject = subject
        self.details = details

    def __str__(self) -> str:
        return f"{self.subject}: expected {self.expected}, found {self.found}. {ADVICE[self.reason]}"

    def as_failure(self) -> dict[str, str]:
        """The same for programs to read."""
        return {
            "reason": self.reason,
            "expected": self.expected,
            "found": self.found,
            "advice": ADVICE[self.reason],
        }


@dataclass(frozen=True)
class ExecResult:
    """What a program printed that was run in a container, and its exit code."""

    exit_code: int | None
    stdout: str
    stderr: str


class Engine:
    """What the modules ask an engine for. Every method raises EngineError. Not for two threads at once."""

    def __init__(self, client: APIClient, address: str) -> None:
        self._client = client
        self._address = address

    @property
    def api_version(self) -> str:
        return str(self._client.api_version)

    def containers(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        """Return the containers with all of the labels, whatever their state, in the list's short form.

        Without labels: all containers.
        """
        wanted = [f"{name}={value}" for name, value in labels.items()]
        with _failures(self._address, "a list of containers"):
            return list(self._client.containers(all=True, filters={"label": wanted}))

    def inspect(self, container: str) -> dict[str, Any] | None:
        """Return all about a container, or None when there is no such container."""
        with _failures(self._address, f"an inspection of {container}"):
            try:
                return dict(self._client.inspect_container(container))
            except NotFound:
                return None

    def image(self, name: str) -> dict[str, Any] | None:
        """Return all about an image, or None when the engine has no such image."""
        with _failures(self._address, f"an inspection of {name}"):
            try:
                return dict(self._client.inspect_image(name))
            except NotFound:
                return None

    def repo_digests(self, image: str) -> tuple[str, ...]:
        """Return an image's names by digest; none when the image is gone."""
        with _failures(self._address, f"an inspection of {image}"):
            try:
                return tuple(self._client.inspect_image(image).get("RepoDigests") or ())
            except NotFound:
                return ()

    def log(self, container: str, *, since: int, lines: int, timestamps: bool = False) -> str:
        """Return a container's last lines, at most so many, since a time in seconds of the epoch."""
        with _failures(self._address, f"the log of {container}"):
            said: bytes = self._client.logs(container, since=since, tail=lines, timestamps=timestamps)
            return said.decode(errors="replace")

    def stats(self, container: str) -> dict[str, Any]:
        """Return what a container uses at this moment; nothing of one that is gone."""
        with _failures(self._address, f"what {container} uses"):
            # Older versions of the library don't know how to ask for one answer alone.
            answer = self._client.get(
                f"{self._client.base_url}/v{self.api_version}/containers/{container}/stats",
                params={"stream": "false", "one-shot": "true"},
                timeout=self._client.timeout,
            )
            if answer.status_code == 404:
                return {}
            answer.raise_for_status()
            return dict(answer.json())

    def info(self) -> dict[str, Any]:
        """Return what the engine says of itself."""
        with _failures(self._address, "what it says of itself"):
            return dict(self._client.info())

    def about(self, what: str) -> Any:
        """Return what the engine says under one of its words: version, df or networks."""
        with _failures(self._address, f"its {what}"):
            return getattr(self._client, what)()

    def run(self, container: str, command: list[str]) -> ExecResult:
        """Run a command in a container and wait for its end, however long that takes."""
        with _failures(self._address, f"to run {command[-1]} in {container}"):
            run = self._client.exec_create(container, command)["Id"]
            stdout, stderr = self._client.exec_start(run, demux=True)
            code = self._client.exec_inspect(run).get("ExitCode")
        return ExecResult(
            code, (stdout or b"").decode(errors="replace"), (stderr or b"").decode(errors="replace")
        )

    def run_once(self, image: str, command: list[str], binds: dict[str, str]) -> ExecResult:
        """Run a command in a container of its own as root, without a network, and remove that.

        Args:
            image: pulled where it is missing.
            command: the program, and its arguments.
            binds: paths of the engine's host, with where they are in the container; it can only read them.
        """
        with _failures(self._address, f"to run {command[0]} of {image}"):
            if self.image(image) is None:
                self._client.pull(image)
            config = {
                "Image": image,
                "Entrypoint": command[:1],
                "Cmd": command[1:],
                "User": "root",
                "HostConfig": {
                    "LogConfig": READABLE_LOG,
                    "NetworkMode": "none",
                    "Binds": [f"{source}:{target}:ro" for source, target in binds.items()],
                },
            }
            container = self._client.create_container_from_config(config)["Id"]
            try:
                self._client.start(container)
                code = self._client.wait(container)["StatusCode"]
                output = self._client.logs(container).decode(errors="replace")
            finally:
                self._client.remove_container(container, force=True)
        return ExecResult(code, output, "")

    def signal(self, container: str, signal: str) -> None:
        """Send a signal to a container's main process."""
        with _failures(self._address, f"to send {signal} to {container}"):
            self._client.kill(container, signal)

    def create(self, name: str, config: dict[str, Any], networks: dict[str, dict[str, Any]]) -> None:
        """Make a container, in further networks too, without starting it."""
        with _failures(self._address, f"to make {name}"):
            self._client.create_container_from_config(config, name)
            for network, endpoint in networks.items():
                self._client.connect_container_to_network(
                    name,
                    network,
                    aliases=endpoint.get("Aliases"),
                    links=[tuple(link.split(":")) for link in endpoint.get("Links") or ()] or None,
                    driver_opt=endpoint.get("DriverOpts"),
                    ipv4_address=(endpoint.get("IPAMConfig") or {}).get("IPv4Address"),
                    ipv6_address=(endpoint.get("IPAMConfig") or {}).get("IPv6Address"),
                )

    def start(self, container: str) -> None:
        """Start a container; one that runs already is left alone."""
        with _failures(self._address, f"to start {container}"):
            self._client.start(container)

    def stop(self, container: str, timeout: int) -> None:
        """Tell a container to end and wait until it has; after a timeout in seconds it is killed."""
        with _failures(self._address, f"to stop {container}"):
            self._client.stop(container, timeout=timeout)

    def rename(self, container: str, name: str) -> None:
        """Give a container another name."""
        with _failures(self._address, f"to rename {container} to {name}"):
            self._client.rename(container, name)

    def retire(self, container: str) -> None:
        """Have the engine never start a container again by itself."""
        with _failures(self._address, f"to change {container}"):
            self._client.update_container(container, restart_policy={"Name": "no"})

    def remove(self, container: str) -> None:
        """Remove a container, with force if need be, but no volumes; one that is gone is no fault."""
        with _failures(self._address, f"to remove {container}"), suppress(NotFound):
            self._client.remove_container(container, force=True)

    def remove_stopped(self, container: str) -> bool:
        """Remove a container, but no volumes, unless it runs; False where it does by now."""
        with _failures(self._address, f"to remove {container}"):
            try:
                self._client.remove_container(container)
            except NotFound:
                return True
            except APIError as error:
                if error.status_code != 409:
                    raise
                return False
            return True

    def images(self) -> list[dict[str, Any]]:
        """Return the engine's images, but not those that are only layers of others, in short."""
        with _failures(self._address, "a list of images"):
            return list(self._client.images())

    def remove_image(self, name: str) -> bool:
        """Take a name from an image, and with its last name the image; False where a container uses it."""
        with _failures(self._address, f"to remove {name}"):
            try:
                self._client.remove_image(name)
            except NotFound:
                return True
            except APIError as error:
                if error.status_code != 409:
                    raise
                return False
            return True


@contextmanager
def _failures(address: str, expected: str) -> Iterator[None]:
    try:
        yield
    except (DockerException, RequestException, SocketError, OSError) as error:
        found = " ".join(str(error).split())
        if "PermissionError" in found or "Permission denied" in found:
            reason = "permission_denied"
        elif isinstance(error, DockerException) and getattr(error, "response", None) is not None:
            reason = "refused"
        else:
            reason = "unreachable"
        raise EngineError(reason, found, expected=expected, subject=f"Docker engine {address}") from None


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options that connector() reads, named as community.docker's; see doc_fragments/docker.py."""

    def option(kind: str, *variables: str, **more: Any) -> dict[str, Any]:
        return {"type": kind, **({"fallback": (env_fallback, list(variables))} if variables else {}), **more}

    host = "unix:///var/run/docker.sock"
    return {
        "docker_host": option("str", "DOCKER_HOST", default=host, aliases=["docker_url"]),
        "tls_hostname": option("str", "DOCKER_TLS_HOSTNAME"),
        "api_version": option("str", "DOCKER_API_VERSION", default="auto", aliases=["docker_api_version"]),
        "timeout": option("int", "DOCKER_TIMEOUT", default=60),
        "ca_path": option("path", aliases=["ca_cert", "tls_ca_cert", "cacert_path"]),
        "client_cert": option("path", aliases=["tls_client_cert", "cert_path"]),
        "client_key": option("path", aliases=["tls_client_key", "key_path"]),
        "tls": option("bool", "DOCKER_TLS", default=False),
        "validate_certs": option("bool", "DOCKER_TLS_VERIFY", default=False, aliases=["tls_verify"]),
        "use_ssh_client": option("bool", default=False),
    }


def connector(params: dict[str, Any]) -> Callable[[], Engine]:
    """Return what makes connections as a module's options describe them; each thread needs its own.

    Raises EngineError when the options can't be right, and when the library isn't there.
    """
    if LIBRARY_ERROR is not None:
        raise EngineError(
            "library_missing",
            missing_required_lib("docker"),
            expected="the Docker SDK for Python",
            details=LIBRARY_ERROR,
        )
    if params["timeout"] < 1:
        raise EngineError("bad_option", str(params["timeout"]), expected="timeout to be 1 or more")
    address = params["docker_host"]
    options = {
        "base_url": address,
        "version": params["api_version"],
        "timeout": params["timeout"],
        "tls": _tls(params),
        "use_ssh_client": params["use_ssh_client"],
    }

    def connect() -> Engine:
        with _failures(address, "an answer"):
            engine = Engine(APIClient(**options), address)
        # Learnt once, it needs no request from the next one.
        options["version"] = engine.api_version
        return engine

    return connect


def _tls(params: dict[str, Any]) -> TLSConfig | bool:
    if not (params["tls"] or params["validate_certs"]):
        return False
    folder = os.environ.get("DOCKER_CERT_PATH")

    def path(option: str, name: str) -> str | None:
        return params[option] or (os.path.join(folder, name) if folder else None)  # noqa: PTH118

    options: dict[str, Any] = {"verify": params["validate_certs"]}
    certificate, key = path("client_cert", "cert.pem"), path("client_key", "key.pem")
    if certificate and key:
        options["client_cert"] = (certificate, key)
    if params["validate_certs"]:
        options["ca_cert"] = path("ca_path", "ca.pem")
    if params["tls_hostname"]:
        if int(sdk_version.partition(".")[0]) >= 7:
            raise EngineError(
                "bad_option",
                f"version {sdk_version}, which has no such option any more",
                expected="a Docker SDK for Python before 7.0.0 for tls_hostname",
            )
        options["assert_hostname"] = params["tls_hostname"]
    try:
        return TLSConfig(**options)
    except DockerException as error:
        raise EngineError("bad_option", str(error), expected="usable TLS options") from None
