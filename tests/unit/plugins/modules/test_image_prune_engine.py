"""Pruning with this machine's engine and a real registry: six releases, of which five stay. Needs Docker, and
the registry's image that the roles run."""

from __future__ import annotations

import json
import secrets
import socket
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._images.registry_client import Registry
from ansible_collections.aisha.cluster.plugins.modules import engine_image_prune, registry_image_prune
from local_engine import docker, needs

REGISTRY_IMAGE = "registry:2.8.2"
LAYER = 2_000_000
Run = Callable[..., dict[str, Any]]


pytestmark = needs(REGISTRY_IMAGE)


@dataclass
class Place:
    """A registry in a container of this name, and what was pushed to it."""

    name: str
    address: str
    base: bytes = field(default_factory=lambda: secrets.token_bytes(1000))

    @property
    def repository(self) -> str:
        return f"{self.address}/{self.name}-bot"

    def build(self, tag: str) -> str:
        """Build and push an image with a layer that all have and one of its own; returns its reference."""
        files = {
            "Dockerfile": b"FROM scratch\nCOPY base own /\n",
            "base": self.base,
            "own": secrets.token_bytes(LAYER),
        }
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, BytesIO(content))
        docker("build", "-q", "-t", f"{self.repository}:{tag}", "-", given=packed.getvalue())
        return self.push(tag)

    def push(self, tag: str) -> str:
        docker("push", f"{self.repository}:{tag}")
        listed = docker("inspect", "--format", "{{json .RepoDigests}}", f"{self.repository}:{tag}")
        return str(json.loads(listed)[0])

    def push_index(self, tag: str, *references: str) -> str:
        """Push an index of images, as builders of several platforms do; returns its reference."""
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        digests = [one.partition("@")[2] for one in references]
        sizes = [len(self._get(f"manifests/{digest}")) for digest in digests]
        manifests = [
            {
                "mediaType": kind,
                "digest": digest,
                "size": size,
                "platform": {"architecture": arch, "os": "linux"},
            }
            for digest, size, arch in zip(digests, sizes, ("amd64", "arm64"), strict=True)
        ]
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        }
        request = urllib.request.Request(
            f"http://{self.address}/v2/{self.name}-bot/manifests/{tag}",
            data=json.dumps(index).encode(),
            method="PUT",
            headers={"Content-Type": str(index["mediaType"])},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - this registry
            return f"{self.repository}@{answer.headers['Docker-Content-Digest']}"

    def has(self, reference: str) -> bool:
        """Whether the registry has an image, all of it."""
        digest = reference.partition("@")[2]
        try:
            manifest = json.loads(self._get(f"manifests/{digest}"))
            for blob in (manifest["config"], *manifest["layers"]):
                self._get(f"blobs/{blob['digest']}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return False
        return True

    def _get(self, path: str) -> bytes:
        url = f"http://{self.address}/v2/{self.name}-bot/{path}"
        accepted = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
        request = urllib.request.Request(url, headers=accepted)
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return bytes(answer.read())

    def size(self) -> int:
        """Bytes on the registry's disk."""
        said = docker("exec", self.name, "du", "-sk", "/var/lib/registry")
        return int(said.split()[0]) * 1024

    def images(self) -> set[str]:
        """IDs of what the engine has in this repository."""
        return set(docker("images", "-q", "--no-trunc", self.repository).split())

    def forget(self) -> None:
        """Take all from the engine, so that a pull asks the registry for everything."""
        for image in self.images():
            docker("rmi", "-f", image)

    def arguments(self, **more: Any) -> dict[str, Any]:
        return {
            "registry_url": f"http://{self.address}",
            "registry_name": self.address,
            "container": self.name,
            "repositories": [self.repository],
            **more,
        }


@pytest.fixture
def place() -> Iterator[Place]:
    name = f"prune-test-{secrets.token_hex(3)}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    published = (
        f"127.0.0.1:{port}:5000"  # Named, as the role does, so that it stays when the registry is restarted.
    )
    docker(
        "run",
        "-d",
        "--name",
        name,
        "-p",
        published,
        "-e",
        "REGISTRY_STORAGE_DELETE_ENABLED=true",
        REGISTRY_IMAGE,
    )
    try:
        Registry(f"http://127.0.0.1:{port}", 5).wait(20)
        place = Place(name, f"localhost:{port}")
        yield place
        docker("rm", "-f", f"{name}-user", check=False)
        place.forget()
    finally:
        docker("rm", "-fv", name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(module: ModuleType, **arguments: Any) -> dict[str, Any]:
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return dict(json.loads(capsys.readouterr().out))

    return run


def test_the_last_releases_stay_and_what_went_can_come_back(place: Place, run: Run) -> None:
    releases = [place.build(f"v{number}") for number in range(1, 7)]
    before = place.size()
    old, kept = releases[0], releases[1:]

    told = run(registry_image_prune, **place.arguments(keep=kept, _ansible_check_mode=True))
    assert (told["changed"], told["removed"], place.has(old)) == (True, [old], True)

    done = run(registry_image_prune, **place.arguments(keep=kept))
    assert (done["changed"], done["removed"]) == (True, [old])
    assert done["collected"] >= 3  # Manifest, configuration, and a layer.
    assert [place.has(one) for one in releases] == [False] + [True] * 5
    assert before - place.size() >= LAYER

    again = run(registry_image_prune, **place.arguments(keep=kept, known=[old]))
    assert (again["changed"], again["removed"]) == (False, [])

    # The engine still has the layers of what went, and asks the registry whether it must push them.
    assert place.push("v1") == old
    assert place.has(old)
    place.forget()
    for one in releases:
        docker("pull", one)


def test_a_former_release_without_a_tag_goes_by_its_name(place: Place, run: Run) -> None:
    former, current = place.build("latest"), place.build("latest")
    assert run(registry_image_prune, **place.arguments(keep=[current]))["removed"] == []
    done = run(registry_image_prune, **place.arguments(keep=[current], known=[former, current]))
    assert done["removed"] == [former]
    assert (place.has(former), place.has(current)) == (False, True)


def test_with_an_index_go_the_images_that_no_kept_one_names(place: Place, run: Run) -> None:
    # Each loses its tag to the next one, so that only an index names it.
    old_amd64, shared, new_amd64, last = (place.build("latest") for _each in range(4))
    old, new = place.push_index("v1", old_amd64, shared), place.push_index("v2", new_amd64, shared)
    before = place.size()
    done = run(registry_image_prune, **place.arguments(keep=[new, last]))
    assert done["removed"] == [old_amd64, old]
    assert [place.has(one) for one in (old_amd64, shared, new_amd64, last)] == [False, True, True, True]
    assert before - place.size() >= LAYER
    again = run(registry_image_prune, **place.arguments(keep=[new, last], known=[old]))
    assert (again["changed"], again["removed"]) == (False, [])


def test_the_engine_keeps_releases_and_what_containers_use(place: Place, run: Run) -> None:
    names = ("old", "used", "kept")
    old, used, kept = (place.build(tag) for tag in names)
    ids = {tag: docker("inspect", "--format", "{{.Id}}", f"{place.repository}:{tag}") for tag in names}
    docker("create", "--name", f"{place.name}-user", used, "none")  # A stopped container uses its image, too.
    arguments = {"repositories": [place.repository], "keep": [kept]}

    told = run(engine_image_prune, **arguments, measure=True, _ansible_check_mode=True)
    assert (told["changed"], place.images(), told["freed_bytes"]) == (True, set(ids.values()), None)
    done = run(engine_image_prune, **arguments, measure=True)
    assert sorted(done["removed"]) == sorted([old, f"{place.repository}:old"])
    assert done["removed"] == told["removed"]
    # The layer that all have stays.
    assert LAYER <= done["freed_bytes"] < 2 * LAYER
    assert done["in_use"] == [used]
    assert place.images() == {ids["used"], ids["kept"]}
    again = run(engine_image_prune, **arguments, measure=True)
    assert (again["changed"], again["freed_bytes"]) == (False, 0)
    assert "freed_bytes" not in run(engine_image_prune, **arguments)


def test_a_registry_that_runs_elsewhere_keeps_its_images(place: Place, run: Run) -> None:
    one = place.build("v1")
    failed = run(registry_image_prune, **place.arguments(keep=[], container="nowhere"))
    assert "expected it to run in container nowhere, found none" in failed["msg"]
    assert place.has(one)
