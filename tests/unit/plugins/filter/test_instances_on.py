"""Placement: every instance on exactly one host, in the order of the inventory."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.aisha.cluster.plugins.filter.instances_on import instances_on


@pytest.mark.parametrize(
    ("count", "host", "hosts", "expected"),
    [
        (2, "a", ["a"], [1, 2]),
        (2, "a", ["a", "b"], [1]),
        (2, "b", ["a", "b"], [2]),
        (5, "b", ["a", "b"], [2, 4]),
        (1, "b", ["a", "b"], []),
        (0, "a", ["a"], []),
    ],
)
def test_numbers_of_a_host(count: int, host: str, hosts: list[str], expected: list[int]) -> None:
    assert instances_on(count, host, hosts) == expected


@pytest.mark.parametrize("count", range(9))
def test_each_instance_lives_on_exactly_one_host(count: int) -> None:
    hosts = ["a", "b", "c"]
    placed = [number for host in hosts for number in instances_on(count, host, hosts)]
    assert sorted(placed) == list(range(1, count + 1))


@pytest.mark.parametrize(("count", "host"), [(2, "stranger"), (-1, "a")])
def test_what_cannot_be_placed_is_refused(count: int, host: str) -> None:
    with pytest.raises(AnsibleFilterError, match="instances_on: expected"):
        instances_on(count, host, ["a"])
