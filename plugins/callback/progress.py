# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback progress."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: A line for each stage of a run
version_added: 0.1.0
author: Aisha Cluster Contributors (@aisha)
description:
  - Says of each play that had something to do how long it took and how much it changed, what a run reports,
    and what failed and why. Plays without hosts, and tasks, aren't listed.
  - A host that can't be reached is named at the end, with how it was to be reached.
  - A task that takes long is named, on a terminal while it does and elsewhere afterwards.
  - With C(-v), it is P(ansible.builtin.default#callback) and shows all tasks.
options:
  long_task:
    description: Seconds from which a task that took so long is named, where the output is no terminal.
    type: float
    default: 5
    env:
      - name: AISHA_PROGRESS_LONG_TASK
    ini:
      - section: callback_progress
        key: long_task
extends_documentation_fragment:
  - default_callback
  - result_format_callback
seealso:
  - plugin: ansible.builtin.default
    plugin_type: callback
"""

import re
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.template import Templar
from ansible.utils.display import Display

try:
    # By its whole name: from a plugin path, this file is loaded outside of its package.
    from ansible_collections.aisha.cluster.plugins.plugin_utils._launch import Launch
except ImportError:
    # There the collection needn't be installed: advice is shown as it is then.
    Launch = None  # type: ignore[assignment, misc] # a type where it can be imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CLEAR = "\r\x1b[K"
_MARGIN = " " * 10


class _Progress(Default):  # type: ignore[misc] # ansible-core has no types
    """What a run shows, where nobody asks for more."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = self._play_begun = self._task_begun = time.monotonic()
        self._play_name = self._task_name = ""
        self._worked = False
        self._changed = 0
        self._play: Any = None
        self._unreachable: dict[str, str] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Begin a stage, which is named when it ends."""
        self._end_play()
        self._play = play
        self._play_name = str(play.get_name()).strip()
        self._play_begun = time.monotonic()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool = False) -> None:
        """Name the task while it runs."""
        self._end_task()
        self._task_name, self._task_begun = str(task.get_name()).strip(), time.monotonic()
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(_CLEAR + f"{_MARGIN}{self._play_name}: {self._task_name} …"[:width])
            sys.stdout.flush()

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Name the handler while it runs."""
        self.v2_playbook_on_task_start(task)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Show what the run reports."""
        self._worked = True
        found = result._result
        self._changed += bool(found.get("changed"))
        self._handle_warnings(found)
        for each in found.get("results", ()) if result._task.loop else (found,):
            if each.get("_ansible_verbose_always"):
                for line in _lines(each):
                    self._say(line)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show which task failed, of whom, and why."""
        self._worked = True
        if not ignore_errors:
            why = " ".join(_causes(result._result)) or "no message"
            self._say(f"FAILED {_where(result)}: {why}", C.COLOR_ERROR)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Keep who can't be reached over SSH, for the end."""
        self._worked = True
        if not result._task.ignore_unreachable:
            variables = self._variables(result)
            name, address = self._address(result, variables)
            found = str(result._result.get("msg") or "no answer")
            if not address:
                self._say(f"UNREACHABLE {name}: {found}", C.COLOR_UNREACHABLE)
                return
            found = re.sub(r"(?s)^.*\b(?:over|via) ssh: ", "", found).strip().rstrip(".")
            advice = f"Try `ansible {name} -m ping`, then run this again."
            if Launch is not None:
                advice = Launch.of_run(variables).expand(advice)
            self._unreachable.setdefault(name, f"expected SSH {address}, found {found}. {advice}")

    def v2_on_file_diff(self, result: Any) -> None:
        """Show a difference, and what it is of."""
        for each in result._result.get("results", ()) if result._task.loop else (result._result,):
            if each.get("changed") and (difference := self._get_diff(each.get("diff") or [])):
                self._say(_where(result))
                self._say(difference)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show how it ended."""
        self._end_play()
        sums = [stats.summarize(host) for host in stats.processed]
        changed, failed, unreachable = (
            sum(each[what] for each in sums) for what in ("changed", "failures", "unreachable")
        )
        color = C.COLOR_ERROR if failed or unreachable else C.COLOR_CHANGED if changed else C.COLOR_OK
        counts = f"{changed} changed, {failed} failed"
        counts += f", {unreachable} unreachable" if unreachable else ""
        self._say(f"{time.monotonic() - self._begun:7.1f} s  in all: {counts}", color)
        for name, why in self._unreachable.items():
            self._say(f"UNREACHABLE {name}: {why}", C.COLOR_UNREACHABLE)

    def _nothing(self, *_event: Any) -> None:
        """An event that is nothing to tell of."""

    v2_playbook_on_no_hosts_matched = v2_playbook_on_no_hosts_remaining = _nothing
    v2_playbook_on_include = v2_runner_on_skipped = v2_runner_retry = _nothing
    # A loop is one task, and tells of its items in the end.
    v2_runner_item_on_ok = v2_runner_item_on_failed = v2_runner_item_on_skipped = _nothing

    def _variables(self, result: Any) -> dict[str, Any]:
        manager = self._play.get_variable_manager()
        variables: dict[str, Any] = manager.get_vars(play=self._play, host=result._host, task=result._task)
        return variables

    def _address(self, result: Any, variables: dict[str, Any]) -> tuple[str, str]:
        """Return the host that can't be reached, and as whom and where SSH was to reach it."""
        name = result._host.get_name()
        loader = self._play.get_variable_manager()._loader
        template = Templar(loader=loader, variables=variables).template
        # Of a delegated task this is all that is known of its host.
        known = result._result.get("_ansible_delegated_vars") or variables
        name = known.get("ansible_delegated_host", name)
        if str(template(known.get("ansible_connection", result._task.connection))) not in ("ssh", "smart"):
            return name, ""
        user = template(known.get("ansible_user") or result._task.remote_user or "")
        address = template(known.get("ansible_host") or name)
        port = template(known.get("ansible_port") or C.config.get_config_value("DEFAULT_REMOTE_PORT") or 22)
        return name, f"{f'as {user} ' if user else ''}at {address}:{port}"

    def _end_task(self) -> None:
        took = time.monotonic() - self._task_begun
        if self._task_name and took >= float(self.get_option("long_task")) and not sys.stdout.isatty():
            self._say(f"{_MARGIN}{self._task_name}: {took:.0f} s")
        self._task_name = ""

    def _end_play(self) -> None:
        self._end_task()
        if self._worked:
            changed = f" ({self._changed} changed)" if self._changed else ""
            color = C.COLOR_CHANGED if self._changed else C.COLOR_OK
            self._say(f"{time.monotonic() - self._play_begun:7.1f} s  {self._play_name}{changed}", color)
        self._worked, self._changed = False, 0

    def _say(self, line: str, color: str | None = None) -> None:
        if sys.stdout.isatty():
            sys.stdout.write(_CLEAR)
            sys.stdout.flush()
        self._display.display(line, color=color)


# How talkative a run is has been decided when callbacks are loaded.
class CallbackModule(Default if Display().verbosity else _Progress):  # type: ignore[misc] # as above
    """The callback as Ansible finds it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "aisha.cluster.progress"


def _where(result: Any) -> str:
    """The host and the task that a result is of."""
    return f"{result._host.get_name()}: {result._task.get_name().strip()}"


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What a debug task shows: a message, of several lines perhaps, or variables by name."""
    shown = {
        key: value
        for key, value in result.items()
        if not key.startswith("_") and key not in ("changed", "failed")
    }
    for key, value in shown.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            yield from str(each).splitlines() if key == "msg" else [f"{key}: {each}"]


def _causes(result: Mapping[str, Any]) -> Iterator[str]:
    """Why a task failed: it, or those of its items that did, each reason once."""
    # A module may have results that are none of a loop's, such as lines of text.
    items = [each for each in result.get("results") or () if isinstance(each, dict)]
    failed: list[Mapping[str, Any]] = [each for each in items if each.get("failed")]
    told = [
        str(each.get("msg") or each.get("stderr") or each.get("censored") or "")
        for each in failed or [result]
    ]
    yield from (text.strip() for text in dict.fromkeys(told) if text.strip())
