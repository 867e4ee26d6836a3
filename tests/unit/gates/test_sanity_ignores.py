"""How the exceptions from ansible-test's sanity tests are kept up to date."""

from __future__ import annotations

from sanity_ignores import NEVER_MATTERS, updated

LOG = """\
ERROR: tests/lab/new.py:3:1: disallowed-name: Disallowed name "_"
ERROR: tests/lab/new.py:9:1: disallowed-name: Disallowed name "_"
ERROR: tests/lab/new.py:9:1: undefined-variable: Undefined variable 'x'
ERROR: plugins/modules/ours.py:3:1: disallowed-name: Disallowed name "_"
ERROR: tests/sanity/ignore-2.19.txt:3:1: Ignoring 'disallowed-name' on 'tests/mended.py' is unnecessary
"""


def test_only_what_never_matters_is_entered_and_what_is_needless_goes() -> None:
    reason = NEVER_MATTERS["pylint:disallowed-name"]
    entries = [
        "tests/gone.py pylint:disallowed-name # x",
        "tests/mended.py pylint:disallowed-name # x",
        "tests/mended.py pylint:unused-import # by hand",
        "tests/script shebang # by hand",
    ]
    existing = {"tests/lab/new.py", "tests/mended.py", "tests/script", "plugins/modules/ours.py"}
    assert updated(entries, LOG, existing) == [
        f"tests/lab/new.py pylint:disallowed-name # {reason}",
        "tests/mended.py pylint:unused-import # by hand",
        "tests/script shebang # by hand",
    ]
