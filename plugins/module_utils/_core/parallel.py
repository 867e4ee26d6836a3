# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks several questions at the same time, so that one that hangs costs its time-out once.

Private to this collection.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Name = TypeVar("Name")
Answer = TypeVar("Answer")


def run_parallel(
    questions: Mapping[Name, Callable[[], Answer]], timeout: float
) -> dict[Name, Answer | Exception]:
    """Return the answer to each question, in their order, or the error that it ended with.

    Args:
        questions: what answers, each in a thread of its own.
        timeout: seconds for all of them together; who hasn't answered by then has ended with a TimeoutError.
    """
    answers: queue.Queue[tuple[Name, Answer | Exception]] = queue.Queue()

    def ask(name: Name, question: Callable[[], Answer]) -> None:
        try:
            answers.put((name, question()))
        except Exception as error:  # Whatever it is, the other answers count, and this one is told.
            answers.put((name, error))

    for name, question in questions.items():
        # A daemon: one that hangs for ever must not keep the process.
        threading.Thread(target=ask, args=(name, question), daemon=True).start()
    until = time.monotonic() + timeout
    known: dict[Name, Answer | Exception] = {}
    while len(known) < len(questions):
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        known[name] = answer
    unheard = TimeoutError(f"no answer within {timeout:g} s")
    return {name: known.get(name, unheard) for name in questions}
