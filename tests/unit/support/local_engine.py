"""This machine's engine, by its command line."""

from __future__ import annotations

import os
import subprocess

import pytest


def docker(*arguments: str, given: bytes | None = None, check: bool = True) -> str:
    """Return what a `docker` command prints, stripped; `given` is its standard input."""
    done = subprocess.run(
        ["docker", *arguments],
        # Its builder needs no plugin, and no image to make one.
        env=os.environ | {"DOCKER_BUILDKIT": "0"},
        input=given,
        check=check,
        capture_output=True,
    )
    return done.stdout.decode().strip()


def has(image: str) -> bool:
    """Whether there is an engine, with the image."""
    try:
        return bool(docker("image", "inspect", "-f", "{{.Id}}", image, check=False))
    except OSError:
        return False


def needs(image: str, *, root: bool = False) -> pytest.MarkDecorator:
    """Skip tests where there is no engine with the image, or whoever runs them isn't root."""
    missing = not has(image) or (root and os.geteuid() != 0)
    return pytest.mark.skipif(missing, reason=f"no engine with {image}{', or not root' if root else ''}")
