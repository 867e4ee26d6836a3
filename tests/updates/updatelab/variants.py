"""Copies of the reference application, changed harmlessly or in one of the ways that updates go wrong.

Made by tests, or by ``python -m updatelab.variants VARIANT FOLDER``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

REFERENCE_APP = Path(__file__).resolve().parents[3] / "examples" / "reference_app"
HANDLERS, POLLING, MAIN = "app/bot/handlers.py", "app/bot/polling.py", "app/main.py"
# What the caches of tools may have left in the folder is none of the application.
LEFT_OUT = ("__pycache__", "*.pyc", ".pytest_cache", ".mypy_cache", ".ruff_cache", "tests", ".venv*")
REVISION = '''"""{title}"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


@dataclass(frozen=True)
class Replacement:
    """A text of a file, and what it becomes; the text is there once."""

    file: str
    old: str
    new: str

    def __call__(self, folder: Path) -> None:
        """Change a copy. Raises ValueError when the application has changed so that it can't be."""
        path = folder / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: expected once, found {text.count(self.old)} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Addition:
    """A file more."""

    file: str
    text: str

    def __call__(self, folder: Path) -> None:
        """Write it into a copy. Raises ValueError when the application has it already."""
        path = folder / self.file
        if path.exists():
            raise ValueError(f"{self.file} is there already")
        path.write_text(self.text, encoding="utf-8")


def _revision(title: str, upgrade: str, downgrade: str) -> Addition:
    text = REVISION.format(title=title, upgrade=upgrade, downgrade=downgrade)
    return Addition("alembic/versions/0002_more.py", text)


Change = Callable[[Path], None]
# A result that says so is stored, and nothing is left to do with it: so two cores bear a hundred a second.
ONLY_STORED: tuple[Change, ...] = (
    Replacement(
        "app/intake.py",
        '        "input": result,\n    }\n',
        '        "input": result,\n    }\n'
        '    only_stored = payload == {"keep": False}\n'
        '    if only_stored:\n        row |= {"state": "done", "finished_at": sa.func.now()}\n',
    ),
    Replacement("app/intake.py", '    if state not in ("done", "failed"):\n', "    if not only_stored:\n"),
)
CRASH = "asyncio.get_running_loop().call_later(20, __import__('os')._exit, 70)"
ADDED = 'op.add_column("jobs", sa.Column("note", sa.Text))'
DROPPED = 'op.drop_column("jobs", "note")'

VARIANTS: Mapping[str, tuple[Change, ...]] = {
    # Another image, and nothing else.
    "good": (),
    # A handler's module imports a name that another doesn't have (any more).
    "import_error": (
        Replacement(
            HANDLERS, "from app.queue import offer\n", "from app.queue import MainMenuHandler, offer\n"
        ),
    ),
    # An argument that the server doesn't know (gunicorn has it), in the image's own command.
    "wrong_arguments": (
        Replacement(
            "Dockerfile.webhook",
            'CMD ["uvicorn", "app.main:app", ',
            'CMD ["uvicorn", "app.main:app", "--worker-class", "uvicorn.workers.UvicornWorker", ',
        ),
    ),
    # The poller's command has another name now, and the inventory names the former one.
    "wrong_command": (
        Replacement("app/__main__.py", '    "polling": "app.bot.polling",', '    "poll": "app.bot.polling",'),
    ),
    # Runs, answers webhooks, and never says that it is well.
    "never_healthy": (Replacement(MAIN, "(answer, 200 if good else 503)", "(answer, 503)"),),
    # The poller runs, and never polls.
    "never_polls": (
        Replacement(POLLING, "= await self._poll_once(offset)", "= await asyncio.Event().wait() and []"),
    ),
    # At the first update that it gets a call blocks the whole event loop for ever. A standby gets none:
    # until it is active it polls, beats and is healthy.
    "deaf": (
        Replacement(
            POLLING,
            "        found = [update.update_id for update in updates]\n",
            "        found = [update.update_id for update in updates]\n"
            "        if found:\n            time.sleep(86400)\n",
        ),
    ),
    "crash_after_20_s": (
        Replacement(
            POLLING,
            "    stop = stop_on_signals()\n",
            f"    stop = stop_on_signals()\n    {CRASH}\n",
        ),
    ),
    "webhook_crash_after_20_s": (
        Replacement(
            MAIN,
            "        warm_up = asyncio.create_task(_warm_up(api))\n",
            f"        warm_up = asyncio.create_task(_warm_up(api))\n        {CRASH}\n",
        ),
    ),
    # A column that old and new code can both do with and without.
    "migration": (_revision("A column more.", ADDED, DROPPED),),
    # Fails after its first step, which must not stay.
    "migration_fails": (
        _revision(
            "A column more, and a fault.", f'{ADDED}\n    op.drop_column("jobs", "no_such_column")', DROPPED
        ),
    ),
}


def make(name: str, folder: Path, mark: str = "1") -> Path:
    """Make a variant in a folder, whatever it held, and return the folder.

    `mark` makes the images of one variant different: it is a part of what the bot says.
    """
    changes = VARIANTS[name]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(REFERENCE_APP, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    said = "Anything else is repeated."
    Replacement(HANDLERS, said, f"{said} ({name} {mark})")(folder)
    for change in (*ONLY_STORED, *changes):
        change(folder)
    return folder


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
