"""The same container again, but for what is asked for."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.clone import (
    Want,
    changes,
    command_of,
    copy_of,
)

IDENTITY = "0123456789ab" + "c" * 52
GUARD = ["/pollguard/lib/ld.so", "/pollguard/app"]
OLD: dict[str, Any] = {
    "Id": "sha256:old",
    "Config": {
        "Entrypoint": ["python", "-m", "app"],
        "Env": ["PATH=/old", "LANG=C"],
        "User": "app",
        "WorkingDir": "/old",
        "Labels": {"maker": "old", "both": "same"},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/old": {}},
    },
}
NEW: dict[str, Any] = {"Id": "sha256:new", "Config": {"Entrypoint": ["/entry.sh"], "Env": ["PATH=/new"]}}
SAME_ENTRY = {**OLD, "Id": "sha256:new"}
CONTAINER: dict[str, Any] = {
    "Id": IDENTITY,
    "Image": "sha256:old",
    "Config": {
        "Hostname": IDENTITY[:12],
        "Image": "bot@sha256:old",
        "Entrypoint": GUARD,
        "Cmd": ["run", "--mode", "gate", "--", "python", "-m", "app", "polling"],
        "Env": ["PATH=/old", "LANG=de", "A=1", "B=x=y"],
        "User": "app",
        "WorkingDir": "/own",
        "Labels": {"maker": "old", "both": "same", "aisha.cluster": "shop"},
        "ExposedPorts": {"80/tcp": {}, "81/tcp": {}},
        "Volumes": {"/old": {}},
        "StopSignal": "SIGTERM",
        "StopTimeout": 35,
        "Healthcheck": {"Test": ["CMD", "x"], "Interval": 5_000_000_000},
    },
    "HostConfig": {
        "NetworkMode": "shop",
        "Binds": ["/srv/logs:/app/logs"],
        "Mounts": [{"Type": "volume", "Target": "/unnamed"}],
        "Memory": 805306368,
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
        "Links": ["/redis:/shop-bot/store"],
    },
    "Mounts": [
        {"Type": "bind", "Source": "/srv/logs", "Destination": "/app/logs", "RW": True},
        {"Type": "volume", "Name": "v1", "Destination": "/unnamed", "RW": True},
        {"Type": "volume", "Name": "v2", "Destination": "/old", "RW": True},
        {"Type": "volume", "Name": "v3", "Destination": "/read", "RW": False},
    ],
    "NetworkSettings": {
        "Networks": {
            "second": {"Aliases": [IDENTITY[:12], "b"], "IPAMConfig": {"IPv4Address": "192.0.2.7"}},
            "shop": {
                "Aliases": [IDENTITY[:12], "bot"],
                "IPAMConfig": {},
                "Links": None,
                "MacAddress": "02:…",
            },
        }
    },
}


def changed(**parts: Any) -> dict[str, Any]:
    """The container with other values, by Part__Key."""
    container = copy.deepcopy(CONTAINER)
    for path, value in parts.items():
        part, key = path.split("__")
        container[part][key] = value
    return container


@pytest.mark.parametrize(
    ("new", "want", "expected"),
    [
        (OLD, Want(), ()),
        (SAME_ENTRY, Want("bot@sha256:new"), ("image",)),
        (NEW, Want("bot@sha256:new"), ("image", "command")),
        (OLD, Want(environment={"A": "1", "B": "x=y"}), ()),
        (OLD, Want(environment={"Z": "", "A": "2"}), ("A", "Z")),
        (OLD, Want(command=("polling",)), ()),
        (OLD, Want(command=("poll",)), ("command",)),
    ],
)
def test_what_is_not_as_wanted(new: dict[str, Any], want: Want, expected: tuple[str, ...]) -> None:
    assert changes(CONTAINER, OLD, new, want) == expected


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "new", "command", "expected"),
    [
        (
            GUARD,
            ["run", "--", "python", "-m", "app", "polling"],
            NEW,
            None,
            ["run", "--", "/entry.sh", "polling"],
        ),
        (
            GUARD[:1],
            ["/app", "run", "--", "python", "-m", "app", "p"],
            NEW,
            None,
            ["/app", "run", "--", "/entry.sh", "p"],
        ),
        # A second -- is the bot's own.
        (
            GUARD,
            ["run", "--", "python", "-m", "app", "--", "p"],
            NEW,
            None,
            ["run", "--", "/entry.sh", "--", "p"],
        ),
        (GUARD, ["run", "--", "anything"], SAME_ENTRY, None, ["run", "--", "anything"]),
        (GUARD, ["run", "--", "anything"], NEW, ("x", "y"), ["run", "--", "/entry.sh", "x", "y"]),
        (
            GUARD,
            ["run", "--", "python", "-m", "app", "p"],
            {"Id": "", "Config": {}},
            None,
            ["run", "--", "p"],
        ),
    ],
)
def test_the_entry_point_follows_the_image(
    entrypoint: list[str], cmd: list[str], new: dict[str, Any], command: Any, expected: list[str]
) -> None:
    config = {"Entrypoint": entrypoint, "Cmd": cmd}
    assert command_of(config, OLD, new, Want(command=command)) == (entrypoint, expected)


@pytest.mark.parametrize(
    ("cmd", "message"), [(["run", "--", "anything"], "give the option command"), (["run"], "--")]
)
def test_an_entry_point_that_can_not_be_found_is_refused(cmd: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        command_of({"Entrypoint": GUARD, "Cmd": cmd}, OLD, NEW, Want())


def test_everything_else_stays() -> None:
    untouched = copy.deepcopy(CONTAINER)
    made = copy_of(CONTAINER, OLD, NEW, Want(environment={"A": "2"}), "bot@sha256:new")
    config = made.config
    assert config["Image"] == "bot@sha256:new"
    # What the old image gave isn't handed on, so that the new one's is seen.
    assert config["Env"] == ["LANG=de", "A=2", "B=x=y"]
    assert "User" not in config
    assert "Hostname" not in config
    assert config["WorkingDir"] == "/own"
    assert config["Labels"] == {"aisha.cluster": "shop"}
    assert config["ExposedPorts"] == {"81/tcp": {}}
    assert config["Volumes"] == {}
    for key in ("StopSignal", "StopTimeout", "Healthcheck", "Entrypoint"):
        assert config[key] == CONTAINER["Config"][key]
    host = config["HostConfig"]
    for key in ("Memory", "RestartPolicy", "LogConfig", "NetworkMode"):
        assert host[key] == CONTAINER["HostConfig"][key]
    assert host["Binds"] == ["/srv/logs:/app/logs", "v2:/old:rw", "v3:/read:ro"]
    assert host["Mounts"] == [{"Type": "volume", "Target": "/unnamed", "Source": "v1"}]
    assert host["Links"] == ["redis:store"]
    joined = config["NetworkingConfig"]["EndpointsConfig"]
    assert joined == {"shop": {"Aliases": ["bot"], "IPAMConfig": None, "Links": None, "DriverOpts": None}}
    assert made.networks["second"]["IPAMConfig"] == {"IPv4Address": "192.0.2.7"}
    assert untouched == CONTAINER


@pytest.mark.parametrize(
    ("mode", "kept"),
    [("host", {"ExposedPorts"}), ("container:db", set()), ("none", {"ExposedPorts", "Hostname"})],
)
def test_a_network_that_is_not_its_own_is_not_joined(mode: str, kept: set[str]) -> None:
    container = changed(HostConfig__NetworkMode=mode, Config__Hostname="machine")
    made = copy_of(container, OLD, NEW, Want(), "bot")
    assert "NetworkingConfig" not in made.config
    assert not made.networks
    assert {"ExposedPorts", "Hostname"} & set(made.config) == kept


def test_values_are_not_in_what_is_printed_of_it() -> None:
    want = Want(environment={"A": "correct-horse"})
    made = copy_of(CONTAINER, OLD, NEW, want, "bot")
    assert "correct-horse" not in f"{want} {made}"
