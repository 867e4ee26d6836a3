"""The key that fingerprints are made with."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._rollout.host_comparison import KEY_FILE, key_of


def test_a_key_stays_once_containers_may_carry_fingerprints_of_it(tmp_path: Path) -> None:
    home = tmp_path / "opt" / "aisha"
    key = key_of(home, check_mode=False, makes_home=True)
    assert (home.stat().st_mode & 0o777, (home / KEY_FILE).stat().st_mode & 0o777) == (0o750, 0o600)
    assert key_of(home, check_mode=False, makes_home=True) == key
    assert key_of(home, check_mode=True, makes_home=False) == key


@pytest.mark.parametrize(("check_mode", "makes_home"), [(True, True), (False, False), (True, False)])
def test_a_look_leaves_a_host_as_it_is(tmp_path: Path, check_mode: bool, makes_home: bool) -> None:
    home = tmp_path / "aisha"
    assert key_of(home, check_mode=check_mode, makes_home=makes_home)
    assert not home.exists()
