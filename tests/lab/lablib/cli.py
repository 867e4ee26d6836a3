"""The command line of the lab. Results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lablib import cleanup, engine, hub, standin, targets
from lablib.shell import LabError, alone


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="lab", description="What the tests run on: see tests/lab/README.md.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("engine", help="a Docker Engine that answers, installed and started when it must be")

    of_hub = commands.add_parser("hub", help="the image mirror").add_subparsers(dest="action", required=True)
    hub_up = of_hub.add_parser("up", help="serve the images, where Docker Hub can't be reached")
    hub_up.add_argument("--force", action="store_true", help="even where Docker Hub can be reached")
    of_hub.add_parser("address", help="print HOST:PORT")

    of_target = commands.add_parser("target", help="target hosts").add_subparsers(
        dest="action", required=True
    )
    target_up = of_target.add_parser("up", help="start target hosts and wait until they let Ansible in")
    target_up.add_argument("names", nargs="+", metavar="NAME")
    target_up.add_argument("--with-docker", action="store_true", help="with Docker Engine installed already")
    target_up.add_argument(
        "--trixie", action="append", default=[], metavar="NAME", help="which of them is of Debian 13"
    )
    target_up.add_argument("--image", help="another image than the lab's own")
    target_up.add_argument(
        "--addresses", type=Path, metavar="FOLDER", help="write the addresses here, a file each"
    )
    of_target.add_parser("images", help="build the images of all kinds of target hosts")
    target_down = of_target.add_parser("down", help="remove target hosts with all that they hold")
    target_down.add_argument("names", nargs="+", metavar="NAME")
    target_address = of_target.add_parser("address", help="print the address of a target host")
    target_address.add_argument("name", metavar="NAME")

    of_standin = commands.add_parser("standin", help="the stand-in Bot API").add_subparsers(
        dest="action", required=True
    )
    standin_up = of_standin.add_parser("up", help="run a stand-in for Telegram and fal.ai; prints its URLs")
    standin_up.add_argument("--name", default=standin.NAME)
    standin_up.add_argument(
        "--private",
        action="store_true",
        help="on the lab's network with an address of its own; else on this machine, for all that runs here",
    )
    standin_up.add_argument(
        "--tokens",
        action="append",
        default=[],
        metavar="FILE=USERNAME",
        help="a bot, its token in a file; without any: what STANDIN_BOTS says, token=username,…",
    )
    standin_up.add_argument(
        "--addresses", type=Path, metavar="FOLDER", help="write the URLs here, a file each"
    )
    standin_down = of_standin.add_parser("down", help="remove a stand-in")
    standin_down.add_argument("--name", default=standin.NAME)

    down = commands.add_parser("down", help="remove what the lab made on this machine")
    down.add_argument("--images", action="store_true", help="the images too")
    return top


def perform(options: argparse.Namespace) -> str:
    """Do what the command line asks; returns what is to be printed."""
    action = (options.command, getattr(options, "action", None))
    if action == ("hub", "address"):
        address = hub.address()
        if address is None:
            raise LabError("there is no hub (`lab hub up` makes it where Docker Hub can't be reached)")
        return address
    if action == ("target", "address"):
        return targets.address(options.name)
    with alone():
        result: dict[str, object] = {"changed": engine.up()}
        if action == ("hub", "up"):
            result = hub.up(options.force)
        elif action == ("target", "up"):
            result = targets.up(
                options.names, options.with_docker, options.image, options.addresses, options.trixie
            )
        elif action == ("target", "images"):
            result = targets.prepare()
        elif action == ("target", "down"):
            result = targets.down(options.names)
        elif action == ("standin", "up"):
            result = standin.up(options.name, options.private, options.tokens, options.addresses)
        elif action == ("standin", "down"):
            result = standin.down(options.name)
        elif options.command == "down":
            result = cleanup.down(options.images)
    return json.dumps(result)


def main() -> int:
    """Run one command; returns the exit code."""
    try:
        print(perform(parser().parse_args()))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0
