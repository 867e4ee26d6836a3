# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter application_environment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: application_environment
short_description: What an application's containers get as environment
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Returns the environment variables of an application, with the connection URLs of its database and its
    Redis both whole and in parts, as C(DATABASE_URL), C(POSTGRES_HOST) and so on.
  - A service that isn't named leaves no empty variable. Of a URL that can't be read there are no parts.
positional: _input, common
options:
  _input:
    description:
      - The application's own variables by name, as P(aisha.cluster.environment_strings#filter) takes them.
        They win over the others.
    type: dict
    required: true
  common:
    description: Variables by name, of which those without a value are left out.
    type: dict
    required: true
  database:
    description: Connection URL of the database, as P(aisha.cluster.database_parts#filter) reads it.
    type: str
    default: ""
  redis:
    description: Connection URL of Redis, as P(aisha.cluster.redis_parts#filter) reads it.
    type: str
    default: ""
seealso:
  - plugin: aisha.cluster.connection_input
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what an application gets
  ansible.builtin.debug:
    msg: >-
      {{ {'DEBUG': true} | aisha.cluster.application_environment(
           {'TELEGRAM_API_URL': telegram_api_url}, redis='redis://redis.example.com/1') }}
"""

RETURN = r"""
_value:
  description: Name to text.
  type: dict
  sample: {REDIS_URL: redis://redis.example.com/1, REDIS_HOST: redis.example.com, REDIS_PORT: "6379"}
"""

from typing import TYPE_CHECKING, Any

from .database_parts import database_parts
from .environment_strings import environment_strings
from .redis_parts import redis_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def application_environment(
    own: Any, common: Mapping[str, Any], database: str = "", redis: str = ""
) -> dict[str, str]:
    """Return the variables; raises AnsibleFilterError where the application's own can't be any."""
    base, store = database_parts(database), redis_parts(redis)
    named = {
        **common,
        "DATABASE_URL": database,
        "POSTGRES_HOST": base["host"],
        "POSTGRES_PORT": base["port"] or "",
        "POSTGRES_DB": base["database"],
        "POSTGRES_USER": base["user"],
        "POSTGRES_PASSWORD": base["password"],
        "REDIS_URL": redis,
        "REDIS_HOST": store["host"],
        "REDIS_PORT": store["port"] or "",
        "REDIS_PASSWORD": store["password"],
    }
    return {**{name: str(value) for name, value in named.items() if value != ""}, **environment_strings(own)}


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return each filter by its name."""
        return {"application_environment": application_environment}
