"""The lookup names this run, and judges others."""

from __future__ import annotations

import pytest
from ansible_collections.aisha.cluster.plugins.lookup.controller_run import LookupModule
from ansible_collections.aisha.cluster.plugins.plugin_utils._controller_process import owner, this_run


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> LookupModule:
    monkeypatch.setattr(LookupModule, "set_options", lambda lookup, **options: None)
    return LookupModule()


def test_this_run_is_named(lookup: LookupModule) -> None:
    assert lookup.run([]) == [{"run": str(this_run()), "owner": owner()}]
    assert lookup.run([]) == lookup.run([])


def test_others_are_judged(lookup: LookupModule) -> None:
    run = this_run()
    assert lookup.run([str(run), f"{run.system}/{run.pid}/1", "elsewhere/1/1"]) == [False, True, False]
