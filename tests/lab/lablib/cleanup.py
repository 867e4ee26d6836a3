"""Taking the lab off this machine again."""

from __future__ import annotations

import json

from lablib import daemonconf, hub, images
from lablib.shell import LABEL, docker, run
from lablib.shell import docker_prefix as prefix


def labelled(*listing: str) -> list[str]:
    """Identifiers of the lab's objects that a listing command of Docker's prints."""
    return docker(*listing, "-q", "--filter", f"label={LABEL}").split()


def down(with_images: bool) -> dict[str, object]:
    """Remove what the lab made on this machine."""
    changed = daemonconf.forget(hub.address())
    for listing, removal in (
        (("ps", "-a"), ("rm", "-f", "-v")),
        (("network", "ls"), ("network", "rm")),
        (("volume", "ls"), ("volume", "rm")),
    ):
        found = labelled(*listing)
        if found:
            docker(*removal, *found)
            changed = True
    if with_images:
        changed |= remove_images()
    return {"changed": changed}


def remove_images() -> bool:
    """Remove the lab's images, under its own names and, where they are its own, under upstream ones."""
    own = ("--filter", "reference=aisha-lab/*", "--filter", "reference=aisha-lab/*/*")
    listed = docker("image", "ls", "--format", "{{json .}}", *own).splitlines()
    names = [f"{image['Repository']}:{image['Tag']}" for image in map(json.loads, listed)]
    names += [image.name for image in images.UPSTREAM if images.built_recipe(image.name)]
    for name in names:
        # An image that other containers or images stand on stays.
        run(*prefix(), "rmi", name, check=False)
    return bool(names)
