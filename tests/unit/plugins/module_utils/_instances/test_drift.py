"""Fingerprints of container specs, and what an instance needs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._instances import drift, fingerprint

KEY = b"k" * 32
IMAGE, OTHER = "registry/bot@sha256:1", "registry/bot@sha256:2"
SPEC: dict[str, Any] = {
    "command": ["worker"],
    "env": {"TOKEN": "secret", "WORKERS": 2},
    "mounts": [
        {"type": "bind", "source": "/a", "target": "/b"},
        {"type": "volume", "source": "v", "target": "/c"},
    ],
    "ports": ["127.0.0.1:8001:8001"],
    "healthcheck": {"test": ["CMD", "true"], "interval": "5s"},
    "labels": {"aisha.component": "worker"},
    "stop_timeout": 30,
    "cpus": 1.0,
}


def desired(spec: dict[str, Any] | None = None, **more: Any) -> drift.Desired:
    values = {"replaceable": True, "restartable": True, "network": "aisha", "memory": 512, **more}
    return drift.Desired(
        name="w-1", image=values.pop("image", IMAGE), hashes=fingerprint.field_hashes(spec or SPEC), **values
    )


def container(spec: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    """What the engine says of a container that was created from a spec."""
    label = fingerprint.label_of(fingerprint.keyed(fingerprint.field_hashes(spec or SPEC), KEY))
    return {
        "Image": "sha256:one",
        "Config": {"Image": IMAGE, "Labels": {"aisha.spec": label, "aisha.cluster": "aisha"}},
        "State": {"Status": "running", "Health": {"Status": "healthy"}, **state},
        "HostConfig": {"Memory": 512, "RestartPolicy": {"Name": "unless-stopped"}},
        "NetworkSettings": {"Networks": {"aisha": {}}},
    }


def plan(wanted: drift.Desired, there: dict[str, Any] | None, **more: Any) -> drift.InstancePlan:
    return drift.compare(wanted, there, more.pop("ids", {}), KEY, **more)


def test_unchanged_instance_needs_nothing() -> None:
    found = plan(desired(), container())
    assert (found.action, found.differs, found.from_image) == ("none", (), IMAGE)


def test_missing_instance_is_run_with_the_fingerprint_it_is_compared_by() -> None:
    found = plan(desired(), None)
    assert (found.action, found.from_image, found.to_image) == ("run", "", IMAGE)
    there = container()
    there["Config"]["Labels"]["aisha.spec"] = found.fingerprint
    assert plan(desired(), there).action == "none"


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("command", ["worker", "-v"], "command"),
        ("command", None, "command"),
        ("entrypoint", ["/init"], "entrypoint"),
        ("env", {"TOKEN": "other", "WORKERS": 2}, "env"),
        ("mounts", SPEC["mounts"][:1], "mounts"),
        ("ports", ["127.0.0.1:8002:8001"], "published_ports"),
        ("network_mode", "host", "network_mode"),
        ("healthcheck", {"test": ["CMD", "false"], "interval": "5s"}, "healthcheck"),
        ("labels", {"aisha.component": "poller"}, "labels"),
        ("log_driver", "journald", "log_driver"),
        ("log_options", {"max-size": "1m"}, "log_options"),
        ("user", "1000", "user"),
        ("stop_signal", "SIGQUIT", "stop_signal"),
        ("stop_timeout", 31, "stop_timeout"),
        ("cpus", 1.5, "cpus"),
    ],
)
def test_drifted_field_is_named_and_replaces_the_container(field: str, value: Any, name: str) -> None:
    wanted = desired({**SPEC, field: value})
    found = plan(wanted, container())
    assert (found.action, found.differs) == ("replace", (name,))
    # One that is changed where it is isn't replaced.
    assert plan(desired({**SPEC, field: value}, replaceable=False), container()).action == "run"


def test_every_field_of_a_spec_is_compared() -> None:
    assert {*fingerprint.CREATED_WITH} >= {*SPEC}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("env", {"WORKERS": "2", "TOKEN": "secret"}),
        ("mounts", SPEC["mounts"][::-1]),
        ("stop_timeout", "30"),
        ("cpus", 1),
        ("user", ""),
        ("entrypoint", []),
    ],
)
def test_spelling_of_a_value_is_no_drift(field: str, value: Any) -> None:
    assert plan(desired({**SPEC, field: value}), container()).action == "none"


@pytest.mark.parametrize(
    ("there", "differs"),
    [
        ({"HostConfig": {"Memory": 1024, "RestartPolicy": {"Name": "unless-stopped"}}}, ("memory",)),
        ({"HostConfig": {"Memory": 512, "RestartPolicy": {"Name": "no"}}}, ("restart_policy",)),
        ({"NetworkSettings": {"Networks": {"bridge": {}}}}, ("networks",)),
    ],
)
def test_what_the_engine_can_change_is_changed_in_place(there: dict[str, Any], differs: tuple[str]) -> None:
    found = plan(desired(), container() | there)
    assert (found.action, found.differs) == ("run", differs)


@pytest.mark.parametrize(
    ("state", "wanted", "action"),
    [
        ({"Status": "exited"}, "healthy", "run"),
        ({"Status": "exited"}, "started", "run"),
        ({"Status": "created", "Health": None}, "present", "none"),
        ({"Status": "paused"}, "started", "run"),
        ({"Status": "restarting"}, "healthy", "run"),
        ({"Health": {"Status": "unhealthy"}}, "healthy", "run"),
        ({"Health": {"Status": "starting"}}, "healthy", "run"),
        ({"Health": {"Status": "none"}}, "healthy", "none"),
        ({"Health": None}, "healthy", "none"),
    ],
)
def test_instance_that_is_not_in_its_state_is_run(state: dict[str, Any], wanted: str, action: str) -> None:
    assert plan(desired(state=wanted), container(**state)).action == action


def test_other_image_replaces_the_container_and_is_no_other_difference() -> None:
    found = plan(desired(image=OTHER), container())
    assert (found.action, found.from_image, found.to_image, found.differs) == ("replace", IMAGE, OTHER, ())


def test_tag_that_stands_for_another_image_by_now_is_drift() -> None:
    there = container()
    there["Config"]["Image"] = "nginx:1.28"
    wanted = desired(image="nginx:1.28")
    assert plan(wanted, there, ids={"nginx:1.28": "sha256:one"}).action == "none"
    assert plan(wanted, there, ids={"nginx:1.28": "sha256:two"}).action == "replace"
    # Pruned from the engine, the tag says nothing.
    assert plan(wanted, there, ids={}).action == "none"


def test_container_without_fingerprint_is_replaced() -> None:
    there = container()
    del there["Config"]["Labels"]["aisha.spec"]
    found = plan(desired(), there)
    assert (found.action, found.differs) == ("replace", ("spec",))


def test_fingerprint_of_another_key_is_drift_of_every_field() -> None:
    found = drift.compare(desired(), container(), {}, b"another key")
    assert (found.action, len(found.differs)) == ("replace", len(SPEC))


def test_restart_is_for_unchanged_instances_that_allow_it() -> None:
    assert plan(desired(), container(), restart=True).action == "restart"
    assert plan(desired(restartable=False), container(), restart=True).action == "none"
    assert plan(desired(image=OTHER), container(), restart=True).action == "replace"


def test_label_betrays_no_value() -> None:
    label = fingerprint.label_of(fingerprint.keyed(fingerprint.field_hashes(SPEC), KEY))
    assert "secret" not in label
    assert not {*fingerprint.field_hashes(SPEC).values()} & {*(fingerprint.fields_of(label) or {}).values()}


@pytest.mark.parametrize("label", [None, "", "not json", "[]", '"text"'])
def test_label_that_is_not_ours_is_no_fingerprint(label: str | None) -> None:
    assert fingerprint.fields_of(label) is None


def test_images_are_found_by_tag_and_by_digest() -> None:
    images: list[dict[str, Any]] = [
        {"Id": "a", "RepoTags": ["x:1", "y:1"], "RepoDigests": ["x@sha256:1"]},
        {"Id": "b", "RepoTags": None},
    ]
    assert drift.image_ids(images) == {"x:1": "a", "y:1": "a", "x@sha256:1": "a"}
