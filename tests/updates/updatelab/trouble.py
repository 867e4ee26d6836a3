"""What goes wrong on a server, done to a target host really, and undone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from faultlab.engine import Engine

# Where an engine unpacks what it is to build.
UNPACKED = "/var/lib/docker/tmp"


@contextlib.contextmanager
def full_disk(engine: Engine, folder: str = UNPACKED, kibibytes: int = 64) -> Iterator[None]:
    """Leave next to no room where the engine unpacks what it builds."""
    options = f"size={kibibytes}k,mode=0700"
    engine.run("mount", "-t", "tmpfs", "-o", options, "aisha-lab-full", folder)
    try:
        yield
    finally:
        engine.run("umount", "--lazy", folder)


@contextlib.contextmanager
def registry_down(engine: Engine, container: str = "aisha-registry") -> Iterator[None]:
    """Stop the registry, as a fault would: it doesn't come back by itself."""
    engine.docker("stop", "-t", "2", container)
    try:
        yield
    finally:
        engine.docker("start", container)


def missing_image(engine: Engine, registry: str = "localhost:5000", name: str = "aisha-bot") -> str:
    """Return a reference by digest that the registry doesn't have; raises ValueError if it does."""
    reference = f"{registry}/{name}@sha256:{'0' * 63}1"
    if engine.exists("image", reference):
        raise ValueError(f"{reference} is there")
    return reference
