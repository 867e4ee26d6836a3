# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup awx_survey."""

from __future__ import annotations

DOCUMENTATION = r"""
name: awx_survey
short_description: Make a survey of AWX from what argument specs say of variables
version_added: 0.1.0
description:
  - Asks for each variable that is named, as C(meta/argument_specs.yml) of a role of this collection, or of
    its playbooks, describes it. Type, choices, whether it is required, and the text come from there.
  - Boolean variables are asked for as V(true) or V(false), lists with choices as a selection.
  - A question has no answer beforehand unless O(answers) has one. What isn't answered sets no variable, so
    that the inventory's value holds; the text says which default there is otherwise.
author:
  - Aisha Cluster Contributors (@aisha)
options:
  _terms:
    description:
      - Variables, as C(role.option), C(role:entry_point.option), or C(playbooks:playbook.option).
    type: list
    elements: str
    required: true
  title:
    description: Title of the survey.
    type: str
    default: ""
  description:
    description: Text of the survey.
    type: str
    default: ""
  answers:
    description: >-
      What questions are answered with unless somebody answers otherwise, variable to value. Those about none
      of the variables are left out.
    type: dict
    default: {}
  questions:
    description: Further questions, in AWX's own form.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Show what a form for updates would ask
  ansible.builtin.debug:
    msg: >-
      {{ lookup('aisha.cluster.awx_survey', 'images.images_tag',
                'playbooks:rolling_update.rolling_update_watch', answers={'rolling_update_watch': 60}) }}
"""

RETURN = r"""
_list:
  description:
    - One survey, with C(name), C(description) and C(spec), the questions. An empty dictionary when nothing is
      asked for.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._awx_survey import Place, question, survey

ROOT = Path(__file__).resolve().parents[2]


def specs_of(place: str, root: Path = ROOT) -> dict[str, Any]:
    """Read the argument specs of a role, or of the playbooks. Raises ValueError."""
    folder = root / "playbooks" if place == "playbooks" else root / "roles" / place
    path = folder / "meta" / "argument_specs.yml"
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"])
    except OSError as error:
        raise ValueError(f"Argument specs of {place}: expected them in {path}, found {error}") from error


class LookupModule(LookupBase):  # type: ignore[misc]
    """Asks for the variables that it is given."""

    def run(
        self, terms: list[str | list[str]], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return one survey."""
        self.set_options(var_options=variables, direct=kwargs)
        answers = self.get_option("answers")
        known: dict[str, dict[str, Any]] = {}
        asked = []
        try:
            for term in self._flatten(terms):
                place = Place.parse(str(term))
                if place.place not in known:
                    known[place.place] = specs_of(place.place)
                asked.append(question(place, place.look_up(known[place.place]), answers.get(place.option)))
        except ValueError as error:
            raise AnsibleError(str(error)) from error
        asked += self.get_option("questions")
        return [survey(self.get_option("title"), self.get_option("description"), asked)]
