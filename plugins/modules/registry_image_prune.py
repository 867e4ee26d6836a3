#!/usr/bin/python
# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module registry_image_prune."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_image_prune
short_description: Delete from a registry the images that no kept release has
version_added: 0.1.0
description:
  - Deletes, from some repositories of a registry that runs in a container on this host, all images but those
    that are to be kept, and has the registry free the space. With an index, as builders of several platforms
    push one, go its images that no kept index names.
  - The registry is then restarted, since it remembers layers that are gone, and would take a later push of
    one of them for done. That takes about a second.
  - Nothing may be pushed in the meantime. The cluster's lock sees to that.
extends_documentation_fragment:
  - aisha.cluster.attributes
  - aisha.cluster.docker
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  registry_url:
    description: Address of the registry, without C(/v2).
    type: str
    required: true
  registry_name:
    description: Name of the registry, as references begin with it.
    type: str
    required: true
  container:
    description: Name of the registry's container.
    type: str
    required: true
  repositories:
    description: Repositories to prune, with the registry's name. Others are left alone.
    type: list
    elements: str
    required: true
  keep:
    description: References by digest of the images to keep.
    type: list
    elements: str
    required: true
  known:
    description:
      - References by digest of former releases. A registry lists only what has a tag, so it is asked for
        these by name.
    type: list
    elements: str
    default: []
  registry_timeout:
    description: Seconds that one request to the registry may take, and that its restart may.
    type: int
    default: 30
  timeout:
    description: Seconds that the freeing of space may go on without a word.
    default: 600
author:
  - Aisha Cluster Contributors (@aisha)
seealso:
  - module: aisha.cluster.engine_image_prune
"""

EXAMPLES = r"""
---
- name: Keep what the last releases have
  aisha.cluster.registry_image_prune:
    registry_url: http://localhost:5000
    registry_name: localhost:5000
    container: aisha-registry
    repositories: ["localhost:5000/aisha-bot"]
    keep:
      - localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8
"""

RETURN = r"""
removed:
  description: References that were deleted, or would have been if it weren't for check mode.
  returned: success
  type: list
  elements: str
  sample: ["localhost:5000/aisha-bot@sha256:1f0a4c2f7a4b0f0f3c8a6d9d9f1f5a53c2a1d2b8f4b0a9f6d1c7e3b5a2d4c6e8"]
collected:
  description: How many blobs the registry has freed.
  returned: success
  type: int
  sample: 7
"""

import signal
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._core.docker import REQUIRED_TOGETHER, Engine, EngineError, argument_spec, connector
from ..module_utils._images.registry_client import Registry, RegistryError
from ..module_utils._images.retention import digests_of, registry_surplus

COLLECTED = "blob eligible for deletion: "
STOP_TIMEOUT = 10


def configuration(engine: Engine, container: str) -> str:
    """Path of the registry's settings in its container, which is where its image says."""
    found = engine.inspect(container)
    if found is None or not found["State"]["Running"]:
        raise RegistryError(
            f"expected it to run in container {container}, found {'none' if not found else 'it stopped'}"
        )
    arguments = [*(found.get("Args") or ()), *(found["Config"].get("Cmd") or ())]
    named = [one for one in arguments if one.endswith((".yml", ".yaml"))]
    if not named:
        raise RegistryError(f"expected container {container} to name a configuration file, found {arguments}")
    return str(named[0])


def surplus(registry: Registry, params: dict[str, Any]) -> tuple[list[str], list[str]]:
    """References by digest that are there, and which of them no kept release has."""
    there: list[str] = []
    drop: list[str] = []
    for repository in params["repositories"]:
        name = repository[len(params["registry_name"]) + 1 :]
        tagged = {registry.digest(name, tag) for tag in registry.tags(name)} - {None}
        known = [one for one in params["known"] if one.startswith(f"{repository}@")]
        unwanted = registry_surplus(map(str, tagged), known, params["keep"])
        gone = {one for one in unwanted if one not in tagged and registry.digest(name, one) is None}
        unwanted = [one for one in unwanted if one not in gone]
        parts = {child for one in unwanted for child in registry.children(name, one)}
        if parts:
            kept = {*map(str, tagged), *digests_of(params["keep"])} - {*unwanted}
            kept |= {child for one in kept for child in registry.children(name, one)}
            # Before their index, which is how they are found again when deleting them ends half-way.
            unwanted = [*sorted(parts - kept - {*unwanted}), *unwanted]
        there += [f"{repository}@{one}" for one in sorted({*map(str, tagged), *unwanted} - gone)]
        drop += [f"{repository}@{one}" for one in unwanted]
    return there, drop


def delete(registry: Registry, engine: Engine, references: list[str], params: dict[str, Any]) -> int:
    """Delete, free the space, and have the registry forget what it remembers; returns how many blobs went."""
    settings = configuration(engine, params["container"])
    # Left in the middle of this, the registry would remember layers that are gone.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for reference in references:
        repository, _at, digest = reference[len(params["registry_name"]) + 1 :].partition("@")
        registry.delete(repository, digest)
    said = engine.run(params["container"], ["registry", "garbage-collect", settings])
    engine.stop(params["container"], STOP_TIMEOUT)
    engine.start(params["container"])
    registry.wait(params["registry_timeout"])
    if said.exit_code != 0:
        last = (said.stderr or said.stdout).strip().splitlines()[-1:]
        raise RegistryError(
            f"expected garbage-collect to free the space, found exit code {said.exit_code}: {last}"
        )
    return said.stdout.count(COLLECTED)


def main() -> None:
    """Look, decide, and delete."""
    spec: dict[str, dict[str, Any]] = {
        **argument_spec(),
        "registry_url": {"type": "str", "required": True},
        "registry_name": {"type": "str", "required": True},
        "container": {"type": "str", "required": True},
        "repositories": {"type": "list", "elements": "str", "required": True},
        "keep": {"type": "list", "elements": "str", "required": True},
        "known": {"type": "list", "elements": "str", "default": []},
        "registry_timeout": {"type": "int", "default": 30},
    }
    spec["timeout"] = {**spec["timeout"], "default": 600}
    module = AnsibleModule(argument_spec=spec, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    for repository in params["repositories"]:
        if not repository.startswith(f"{params['registry_name']}/"):
            module.fail_json(msg=f"repositories: expected {params['registry_name']}/…, found {repository}")
    collected = 0
    try:
        registry = Registry(params["registry_url"], params["registry_timeout"])
        there, drop = surplus(registry, params)
        if drop and not module.check_mode:
            collected = delete(registry, connector(params)(), drop, params)
    except RegistryError as error:
        module.fail_json(msg=f"Registry {params['registry_url']}: {error}.")
    except EngineError as error:
        module.fail_json(msg=str(error), failure=error.as_failure(), exception=error.details or None)
    left = [one for one in there if one not in drop]
    module.exit_json(
        changed=bool(drop),
        removed=drop,
        collected=collected,
        diff={"before": "\n".join([*there, ""]), "after": "\n".join([*left, ""])},
    )


if __name__ == "__main__":
    main()
