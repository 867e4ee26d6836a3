# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup image_plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: image_plan
short_description: Tell what images are built from, and the tags that their content gives them
version_added: 0.1.0
description:
  - Reads, on the controller, everything that goes into the build of each image and gives it a digest. The
    same content has the same digest on every controller.
  - What a C(.dockerignore) names isn't read. Of a file's mode only the execute bit counts.
author:
  - Aisha Cluster Contributors (@aisha)
options:
  _terms:
    description:
      - Images. Each has a C(name), and may have a C(source) of its own, a C(context) and a C(dockerfile)
        relative to the source, C(build_args) and a C(target).
    type: list
    elements: dict
    required: true
  source:
    description: Absolute path of the folder that images without a source of their own are built from.
    type: str
    default: ""
  revision:
    description: >-
      A commit that O(source) is, or is going to be, a checkout of. It stands for the content, so that nothing
      has to be checked out to know an image's tags.
    type: str
    default: ""
  exclude:
    description: >-
      What stays out of every build, as lines of a C(.dockerignore), which are read before a folder's own.
    type: list
    elements: str
    default: []
  tag:
    description: A name given to the images, such as a version, beside the tag of their content.
    type: str
    default: ""
  together:
    description: >-
      Whether the images are released together and share one tag, which changes when any of them does.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Show the tags that the present content has
  ansible.builtin.debug:
    msg: "{{ query('aisha.cluster.image_plan', {'name': 'web'}, source='/srv/app') | map(attribute='tags') }}"
"""

RETURN = r"""
_list:
  description:
    - For each image its C(name), C(build_args) and C(target); the absolute paths C(context) and
      C(dockerfile); C(folder), a name for the context that images with the same one share; C(digest), empty
      when there is no source; C(tags), which it has in a registry once it is built; C(push), the same and
      V(latest) in the order to push them; and C(problem), empty when it can be built.
  type: list
  elements: dict
"""

from typing import Any

from ansible.plugins.lookup import LookupBase

from ..plugin_utils._image_plan import Origin, plan


class LookupModule(LookupBase):  # type: ignore[misc]
    """Plans the images that it is given."""

    def run(
        self, terms: list[dict[str, Any]], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return one dictionary an image, in the order of the terms."""
        self.set_options(var_options=variables, direct=kwargs)
        origin = Origin(
            folder=self.get_option("source"),
            revision=self.get_option("revision"),
            exclude=tuple(self.get_option("exclude")),
        )
        images = plan(terms, origin, tag=self.get_option("tag"), together=self.get_option("together"))
        return [image.as_dict() for image in images]
