"""Images under upstream names, made from Debian's packages.

An image is known by its recipe: a digest of all that goes into it that this repository and this
machine decide. Where an image with the recipe exists, nothing is built.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lablib.engine import apt_install
from lablib.shell import LAB, as_root, docker, docker_prefix, inspect, run, say

RECIPES = LAB / "images"
RECIPE_LABEL = "aisha.lab.recipe"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
# Clients that bring a CA bundle of their own are pointed at the system's.
CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
# Settings of this machine's apt without which it couldn't fetch packages here.
APT_SETTINGS = re.compile(r"^Acquire::(Check-\S+|https?::\S*Proxy\S*|https?::Verify-\S+) .*;$", re.IGNORECASE)
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)


@dataclass(frozen=True)
class Image:
    """One image: its upstream name, the folder of its recipe, and which of the lab's images it stands on.

    Debian itself is made from the packages of the release that its tag begins with.
    """

    name: str
    folder: Path
    base: Image | None = None

    @property
    def local(self) -> str:
        """The lab's own name for it, so that a real upstream image is never replaced."""
        return f"aisha-lab/{self.name}"

    @property
    def is_debian(self) -> bool:
        """Whether it is made from packages alone, without a Dockerfile."""
        return self.folder == RECIPES / "debian"

    @property
    def repository(self) -> str:
        """Where a registry has it: names without an organisation are of Docker Hub's own one, library."""
        name = self.name.split(":")[0]
        return name if "/" in name else f"library/{name}"


DEBIAN = Image("debian:bookworm-slim", RECIPES / "debian")
DEBIAN_13 = Image("debian:trixie-slim", RECIPES / "debian")
MONITORING = Image("monitoring:bookworm", RECIPES / "monitoring", DEBIAN)
UPSTREAM = (
    DEBIAN,
    Image("registry:2.8.2", RECIPES / "registry", DEBIAN),
    Image("redis:7.0", RECIPES / "redis", DEBIAN),
    Image("python:3.11-slim-bookworm", RECIPES / "python", DEBIAN),
    Image("nginx:1.22", RECIPES / "nginx", DEBIAN),
    Image("postgres:15", RECIPES / "postgres", DEBIAN),
    Image("prom/prometheus:v2.42.0", RECIPES / "prometheus", MONITORING),
    Image("prom/alertmanager:v0.25.0", RECIPES / "alertmanager", MONITORING),
    Image("prom/node-exporter:v1.5.0", RECIPES / "node-exporter", MONITORING),
    Image("prom/blackbox-exporter:v0.23.0", RECIPES / "blackbox-exporter", MONITORING),
    Image("nginx/nginx-prometheus-exporter:0.11.0", RECIPES / "nginx-exporter", MONITORING),
    Image("oliver006/redis_exporter:v1.45.0", RECIPES / "redis-exporter", MONITORING),
    Image("prometheuscommunity/postgres-exporter:v0.11.1", RECIPES / "postgres-exporter", MONITORING),
)
REGISTRY = UPSTREAM[1]
TARGET = Image("target:bookworm", RECIPES / "target", DEBIAN)
TARGET_DOCKER = Image("target-docker:bookworm", RECIPES / "target-docker", TARGET)
TARGET_13 = Image("target:trixie", RECIPES / "target", DEBIAN_13)
TARGET_13_DOCKER = Image("target-docker:trixie", RECIPES / "target-docker", TARGET_13)


@functools.cache
def apt_settings() -> tuple[str, ...]:
    """This machine's apt settings that the base image needs too."""
    if shutil.which("apt-config") is None:
        return ()
    lines = run("apt-config", "dump").stdout.splitlines()
    return (*(line for line in lines if APT_SETTINGS.match(line)), 'Acquire::Languages "none";')


@functools.cache
def recipe(image: Image) -> str:
    """The digest of all that goes into an image, 16 hexadecimal digits."""
    digest = hashlib.sha256(image.name.encode())
    files = [path for path in image.folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for file in sorted(files):
        digest.update(f"\0{file.relative_to(image.folder)}\0{file.stat().st_mode & 0o111}\0".encode())
        digest.update(file.read_bytes())
    if image.base:
        digest.update(recipe(image.base).encode())
    if image.is_debian:
        digest.update(repr((apt_settings(), DPKG_OPTIONS, CA_VARIABLES)).encode())
        digest.update(CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b"")
    return digest.hexdigest()[:16]


def built_recipe(name: str) -> str | None:
    """The recipe of a local image: "" when it isn't the lab's, None when there is no such image."""
    return inspect("image", name, f'{{{{ index .Config.Labels "{RECIPE_LABEL}" }}}}')


@contextlib.contextmanager
def replacing(name: str) -> Iterator[None]:
    """Remove the image that loses its name in this block, unless something else stands on it."""
    template = "{{.Id}} {{len .RepoTags}}"
    before = inspect("image", name, template)
    yield
    identity = before.split()[0] if before else None
    if identity and inspect("image", identity, template) == f"{identity} 0":
        run(*docker_prefix(), "rmi", identity, check=False)


def build(image: Image) -> bool:
    """Build an image and what it stands on, when missing. Returns whether anything was built."""
    if built_recipe(image.local) == recipe(image):
        return False
    if image.base:
        build(image.base)
    with replacing(image.local):
        make(image)
    return True


def make(image: Image) -> None:
    """Make one image, whatever is there already."""
    if image.is_debian:
        bootstrap(image)
        return
    say(f"building {image.local}")
    base = ("--build-arg", f"BASE={image.base.local}") if image.base else ()
    label = ("--label", f"{RECIPE_LABEL}={recipe(image)}")
    docker("build", "-q", "--force-rm", "-t", image.local, *label, *base, image.folder)


def bootstrap(image: Image) -> None:
    """Make the base image from Debian's packages alone."""
    say(f"building {image.local}: some 40 s")
    suite = image.name.partition(":")[2].partition("-")[0]
    if shutil.which("mmdebstrap") is None:
        apt_install("mmdebstrap", "debian-archive-keyring")
    with tempfile.TemporaryDirectory(prefix="aisha-lab-") as folder:
        tar = Path(folder) / "base.tar"
        # Without this policy every installed package would start its service during a build.
        file = '"$1/usr/sbin/policy-rc.d"'
        policy = f'printf "#!/bin/sh\\nexit 101\\n" > {file}; chmod 755 {file}'
        as_root(
            *("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates"),
            *(f"--aptopt={line}" for line in apt_settings()),
            *(f"--dpkgopt={line}" for line in DPKG_OPTIONS),
            f'--customize-hook={sys.executable} {image.folder / "trust.py"} "$1"',
            f"--customize-hook={policy}",
            *(suite, tar),
        )
        changes = [f"ENV {name}={CA_BUNDLE}" for name in CA_VARIABLES]
        changes += [f"LABEL {RECIPE_LABEL}={recipe(image)}", 'CMD ["bash"]']
        docker("import", *(word for change in changes for word in ("--change", change)), tar, image.local)
