"""Starts `pollguard` with the packages of its folder, and ends without delay."""

from __future__ import annotations

import os
import sys


def _add_own_packages() -> None:
    site = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "site")  # noqa: PTH118, PTH120, PTH100
    if os.path.isdir(site):  # noqa: PTH112
        sys.path.append(site)


if __name__ == "__main__":
    _add_own_packages()
    from pollguard.cli.main import main

    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: threads stuck in a name lookup must not hold the process, nor shutdown cost time.
    os._exit(code)
