# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How this run was launched, so that advice to run a playbook can be copied as it stands.

Private to this collection, and for the control node. Texts name a playbook by its file, as in "run site.yml";
whoever shows them to an operator expands that here.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants, context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

COLLECTION = "aisha.cluster"
# The playbooks, with the names of their job templates where the role awx_setup calls these otherwise.
PLAYBOOKS = {
    "awx": "",
    "diagnose": "diagnose",
    "logs": "logs",
    "monitor": "monitor",
    "monitoring": "",
    "plan": "",
    "preflight": "preflight",
    "restart": "restart",
    "rollback": "rollback",
    "rolling_update": "update",
    "site": "deploy",
    "verify": "verify",
}
_ADVICE = re.compile(rf"\b([Rr]un) ({'|'.join(PLAYBOOKS)})\.yml\b((?: (?:-e|--tags) [^\s]*[^\s.,;:])*)")
_AD_HOC = re.compile(r"`ansible (?=[^`]+ -m )")
_COLLECTION_PLAYBOOK = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*\.[\w.]+")
# Options of ansible-playbook that another run needs too: name in its arguments, option, and the setting that
# it defaults to. None of them is a secret; values of -e may be, so that of those only files are named.
_OPTIONS = (
    ("inventory", "-i", ""),
    ("remote_user", "-u", "DEFAULT_REMOTE_USER"),
    ("private_key_file", "--private-key", "DEFAULT_PRIVATE_KEY_FILE"),
    ("vault_ids", "--vault-id", ""),
    ("vault_password_files", "--vault-password-file", ""),
    ("connection_password_file", "--connection-password-file", "CONNECTION_PASSWORD_FILE"),
    ("become_password_file", "--become-password-file", "BECOME_PASSWORD_FILE"),
)
_FLAGS = (
    ("ask_vault_pass", "--ask-vault-pass", "DEFAULT_ASK_VAULT_PASS"),
    ("ask_pass", "--ask-pass", "DEFAULT_ASK_PASS"),
    ("become_ask_pass", "--ask-become-pass", "DEFAULT_BECOME_ASK_PASS"),
)
_BUILT_IN_INVENTORY = "/etc/ansible/hosts"


@dataclass(frozen=True)
class Launch:
    """How a run was launched.

    Args:
        playbook: as it was typed; empty where it isn't known.
        options: that were given to ansible-playbook, and that another run needs too.
        is_job: whether AWX runs it.
        template: name of AWX's job template; empty where it isn't known.
    """

    playbook: str = ""
    options: tuple[str, ...] = ()
    is_job: bool = False
    template: str = ""

    @classmethod
    def of_run(cls, variables: Mapping[str, Any]) -> Launch:
        """Return how this run was launched.

        Args:
            variables: of the task; AWX names its job there.
        """
        typed = [str(each) for each in context.CLIARGS.get("args") or ()]
        own = [each for each in typed if _stem(each) in PLAYBOOKS]
        return cls(
            playbook=next(iter(own or typed), ""),
            options=tuple(_options(context.CLIARGS)),
            is_job=any(f"{server}_job_id" in variables for server in ("awx", "tower")),
            template=next(
                (
                    str(variables[name])
                    for name in ("awx_job_template_name", "tower_job_template_name")
                    if variables.get(name)
                ),
                "",
            ),
        )

    def command(self, playbook: str, arguments: str = "") -> str:
        """Return how to run a playbook as this one was run, in words that fit behind "run".

        Args:
            playbook: its name, with or without C(.yml).
            arguments: further ones, as for ansible-playbook: -e NAME=VALUE and --tags NAME.
        """
        name = playbook.removesuffix(".yml")
        if self.is_job:
            return self._template(name) + _as_answers(arguments)
        if not self.playbook:
            return f"{name}.yml{' ' if arguments else ''}{arguments}"
        words = ["ansible-playbook", *self.options, self._beside(name), *shlex.split(arguments)]
        return f"`{shlex.join(words)}`"

    def expand(self, text: str) -> str:
        """Return a text in which "run NAME.yml" says how, and `ansible HOST -m …` has the run's options."""
        text = _ADVICE.sub(lambda found: f"{found[1]} {self.command(found[2], found[3].strip())}", text)
        if self.options and not self.is_job:
            options = shlex.join(self.options)
            text = _AD_HOC.sub(lambda _found: f"`ansible {options} ", text)
        return text

    def _beside(self, name: str) -> str:
        """Another playbook, named as this one was; where there is none beside it, the collection's."""
        sibling = Path(self.playbook).with_name(f"{name}.yml")
        if _COLLECTION_PLAYBOOK.fullmatch(self.playbook) and not Path(self.playbook).is_file():
            return f"{COLLECTION}.{name}"
        return str(sibling) if sibling.is_file() else f"{COLLECTION}.{name}"

    def _template(self, name: str) -> str:
        """The job template of another playbook; its prefix is that of this one's."""
        own = PLAYBOOKS.get(_stem(self.playbook)) or ""
        other = PLAYBOOKS.get(name) or ""
        prefix = self.template.removesuffix(f" {own}")
        if own and other and prefix != self.template:
            return f'the job template "{prefix} {other}"'
        return f"the job template of {name}.yml"


def _stem(playbook: str) -> str:
    return re.sub(r"\.ya?ml$", "", playbook).rpartition("/")[2].rpartition(".")[2]


def _options(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, option, default in _OPTIONS:
        given = arguments.get(name)
        for value in _values(given):
            if value not in (_BUILT_IN_INVENTORY, str(getattr(constants, default, "") or "")):
                yield from (option, _short(value))
    for value in _values(arguments.get("extra_vars")):
        if value.startswith("@"):
            yield from ("-e", f"@{_short(value[1:])}")
    yield from (
        option
        for name, option, default in _FLAGS
        if arguments.get(name) and not getattr(constants, default, False)
    )


def _values(given: Any) -> Iterable[str]:
    if isinstance(given, (list, tuple)):
        return [str(each) for each in given]
    return [str(given)] if given else []


def _short(value: str) -> str:
    """A path below the present folder from there, as it is typed: Ansible has made it absolute."""
    path = Path(value)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else value


def _as_answers(arguments: str) -> str:
    """The same arguments in the words of AWX's form."""
    words = shlex.split(arguments)
    known = {"-e": "", "--tags": "the tag "}
    answers = [f"{known[key]}{value}" for key, value in zip(words[::2], words[1::2], strict=False)]
    return f" with {' and '.join(answers)}" if answers else ""
