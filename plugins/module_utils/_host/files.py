# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a host's folders and files to their desired state.

Private to this collection.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible.module_utils.basic import AnsibleModule

    from .._core.docker import Engine

_LAST_LINES = 20


class FileError(Exception):
    """A file that can't be brought; the text says which, and what was expected and found."""


class HostFiles:
    """One call's folders and files.

    Args:
        module: whose moves, modes and owners these are; in check mode nothing is changed.
        connect: how the engine is reached, when a file is validated or reloaded.
    """

    def __init__(self, module: AnsibleModule, connect: Callable[[], Engine]) -> None:
        self._module = module
        self._connect = connect
        self._reloads: dict[str, tuple[str, ...]] = {}
        self.changes: list[dict[str, str]] = []

    def bring_folder(self, path: str, mode: str) -> None:
        """Make a folder, or change who may use it."""
        there = Path(path).is_dir()
        if not there:
            self._note(path, "folder")
            if not self._module.check_mode:
                try:
                    Path(path).mkdir(mode=0o755, parents=True)
                except OSError as error:
                    raise FileError(f"{path}: expected a folder, found {error.strerror}.") from None
        if self._access_changed(path, mode) and there:
            self._note(path, "access")

    def bring_file(self, file: Mapping[str, Any]) -> None:
        """Write a file that differs, once it is valid, or change who may use it.

        Args:
            file: one of the option files of host_files.

        Raises:
            FileError: it isn't valid, or can't be written.
            EngineError: the engine can't validate it.
        """
        path, content = file["path"], file["content"]
        before = _content(path)
        writes = content is not None and content != before and not (file["keep"] and before is not None)
        if writes:
            self._note(path, "file", "" if file["secret"] else before or "")
            self._write(file)
            if file["reload"]:
                self._reloads[file["reload"]["container"]] = tuple(file["reload"]["command"])
        elif before is None and not self._module.check_mode:
            raise FileError(f"{path}: expected a file, since no content is given for it; found none.")
        if self._access_changed(path, file["mode"]) and not writes:
            self._note(path, "access")

    def reload(self) -> list[str]:
        """Tell what reads the files that have changed, and return whom.

        Raises:
            FileError: a command that reloads one has failed.
            EngineError: the engine can't be asked.
        """
        if self._module.check_mode or not self._reloads:
            return []
        engine = self._connect()
        reloaded = []
        for container, command in self._reloads.items():
            state = (engine.inspect(container) or {}).get("State") or {}
            if state.get("Status") != "running":
                continue
            if command:
                done = engine.run(container, list(command))
                if done.exit_code:
                    said = _last_lines(done.stdout + done.stderr)
                    raise FileError(f"{container}: expected it to take its new configuration; found: {said}")
            else:
                engine.signal(container, "SIGHUP")
            reloaded.append(container)
        return reloaded

    def _write(self, file: Mapping[str, Any]) -> None:
        if self._module.check_mode:
            return
        path = Path(file["path"])
        if not path.parent.is_dir():
            raise FileError(f"{path}: expected a folder for it, found no {path.parent}.")
        # A folder that root alone can enter.
        with tempfile.TemporaryDirectory(prefix="aisha-files-") as folder:
            aside = Path(folder) / path.name
            aside.touch(mode=0o600)
            aside.write_text(file["content"], encoding="utf-8")
            if file["validate"]:
                self._validate(path, aside, file["validate"])
            self._module.atomic_move(str(aside), str(path))

    def _validate(self, path: Path, aside: Path, how: Mapping[str, Any]) -> None:
        binds = {str(aside): how["target"], **how["mounts"]}
        done = self._connect().run_once(how["image"], how["command"], binds)
        if done.exit_code:
            raise FileError(
                f"{path}: expected {how['command'][0]} of {how['image']} to find it valid; found: "
                f"{_last_lines(done.stdout)} The file is as it was."
            )

    def _access_changed(self, path: str, mode: str) -> bool:
        """Give it to root, with its mode; whether anything differed. Check mode makes nothing."""
        if not Path(path).exists():
            return False
        changed = bool(self._module.set_mode_if_different(path, mode, False))
        changed = bool(self._module.set_owner_if_different(path, "root", changed))
        return bool(self._module.set_group_if_different(path, "root", changed))

    def _note(self, path: str, kind: str, before: str = "") -> None:
        self.changes.append({"path": path, "kind": kind, "before": before})


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: expected a file, found {error.strerror}.") from None


def _last_lines(output: str) -> str:
    lines = output.strip().splitlines()[-_LAST_LINES:]
    return "\n".join(lines) if lines else "no output."
