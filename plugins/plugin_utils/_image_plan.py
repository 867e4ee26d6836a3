# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images are built from what, and by which tags the registry knows that they have been.

Private to this collection. Reads the controller's files, changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..module_utils._images.build_context import SourceError, SourceTree, file_digest
from ._inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Enough of a digest to tell one's own builds apart, and short enough to be read out.
_TAG_LENGTH = 12


@dataclass(frozen=True)
class Origin:
    """Where images come from that name no source of their own."""

    folder: str = ""  # On the controller, absolute.
    revision: str = ""  # A commit; it stands for the content, which may not be here yet.
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedImage:
    """One image: what it is built from, and its tags in the registry."""

    name: str
    context: str = ""
    dockerfile: str = ""
    folder: str = ""  # The context's name in an archive, the same for images that share it.
    build_args: tuple[tuple[str, str], ...] = ()
    target: str = ""
    digest: str = ""  # Of all that makes the image; empty when there is nothing to build it from.
    tags: tuple[str, ...] = ()  # Those that say it is there: its content's, then a name given to it.
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What the lookup returns."""
        return {
            "name": self.name,
            "context": self.context,
            "dockerfile": self.dockerfile,
            "folder": self.folder,
            "build_args": dict(self.build_args),
            "target": self.target,
            "digest": self.digest,
            "tags": list(self.tags),
            # The tags that are looked for come last: where they are, the build is complete.
            "push": ["latest", *self.tags],
            "problem": self.problem,
        }


def plan(
    images: Sequence[Mapping[str, Any]], origin: Origin, *, tag: str = "", together: bool = False
) -> list[PlannedImage]:
    """Plan images, which share one tag when they are released together; tag is a name given to them."""
    planned = [plan_image(image, origin) for image in images]
    whole = _digest(sorted((image.name, image.digest) for image in planned if image.digest))
    result = []
    for image in planned:
        content = (whole if together else image.digest) if image.digest else ""
        tags = tuple(filter(None, (content[:_TAG_LENGTH], tag)))
        result.append(replace(image, tags=tags))
    return result


def plan_image(image: Mapping[str, Any], origin: Origin) -> PlannedImage:
    """Plan one image as the role's input describes it, without tags; what is wrong is in its problem."""
    planned = PlannedImage(
        str(image["name"]),
        build_args=tuple(
            sorted((key, text_of(value)) for key, value in (image.get("build_args") or {}).items())
        ),
        target=str(image.get("target") or ""),
    )
    context = str(image.get("context") or ".")
    dockerfile = str(image.get("dockerfile") or "Dockerfile")
    own = str(image.get("source") or "")
    revision = "" if own else origin.revision
    recipe = [planned.build_args, planned.target]
    if revision:
        planned = replace(planned, digest=_digest([revision, context, dockerfile, *recipe]))
    source = own or origin.folder
    if not source:
        return planned
    try:
        root = _absolute(source)
        planned = replace(
            planned,
            context=str((root / context).resolve()),
            dockerfile=str((root / dockerfile).resolve()),
            folder=f"context-{_digest(str((root / context).resolve()))[:_TAG_LENGTH]}",
        )
        _expect(Path(planned.context).is_dir(), f"the folder {planned.context}")
        _expect(Path(planned.dockerfile).is_file(), f"the Dockerfile {planned.dockerfile}")
        if not revision:
            tree = SourceTree.scan(Path(planned.context), origin.exclude).digest()
            planned = replace(planned, digest=_digest([tree, file_digest(Path(planned.dockerfile)), *recipe]))
    except SourceError as error:
        return replace(planned, problem=f"image {planned.name}: {error}")
    return planned


def _absolute(source: str) -> Path:
    root = Path(source).expanduser()
    if not root.is_absolute():
        raise SourceError(f"expected an absolute path as its source; found {source}")
    return root


def _expect(there: bool, what: str) -> None:
    if not there:
        raise SourceError(f"expected {what}; it isn't there")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
