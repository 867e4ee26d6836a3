"""Run it, to look at: python -m fakeawx --port 8052 --repository URL=FOLDER; its token is printed."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from aiohttp import web

from fakeawx.server import FakeAWX


def main() -> None:
    parser = argparse.ArgumentParser(prog="fakeawx", description=__doc__)
    parser.add_argument("--port", type=int, default=8052)
    parser.add_argument(
        "--repository", action="append", default=[], metavar="URL=FOLDER", help="what git would find"
    )
    arguments = parser.parse_args()
    trees = {url: Path(folder) for url, folder in (each.rsplit("=", 1) for each in arguments.repository)}
    awx = FakeAWX(secrets.token_urlsafe(), secrets.token_urlsafe(), trees)
    print(f"token: {awx.token}", flush=True)
    web.run_app(awx.app(), host="127.0.0.1", port=arguments.port, print=None)


if __name__ == "__main__":
    main()
