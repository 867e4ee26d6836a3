"""Which release is gone back to, and how records are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._release.records import (
    Release,
    ReleaseError,
    Releases,
    current_number,
    forget,
    images_of,
    load,
    store,
)
from ansible_collections.aisha.cluster.plugins.module_utils._release.store import Files


def release(number: int, images: str = "", *, undone: bool = True, back_from: int = 0) -> Release:
    """A release whose image is named by a letter."""
    name = f"v{number}"
    picture = {"bot": f"r/bot@sha256:{images or name}", "web": "r/web@sha256:w"}
    return Release(number, name, picture, "2026-11-24T09:00:00", "ann", "git x", "site", undone, back_from)


ONE, TWO, THREE = (release(number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("all_of_them", "wanted", "expected"),
    [
        ((ONE, TWO, THREE), "", 2),
        ((ONE, TWO, THREE), "1", 1),
        ((ONE, TWO, THREE), "v1", 1),
        ((ONE, TWO, THREE), "3", 3),
        # A number comes before a name, and of one name the newest.
        ((replace(ONE, name="2"), TWO, THREE), "2", 2),
        ((replace(ONE, name="x"), replace(TWO, name="x"), THREE), "x", 2),
        # Gone back from 3 to 2: once more is 1, and not the 3 that was left.
        ((ONE, TWO, THREE, release(4, "v2", back_from=3)), "", 1),
        ((ONE, TWO, THREE, release(4, "v2", back_from=3), release(5, "v1", back_from=4), release(6)), "", 5),
        ((ONE, TWO, THREE, release(4, "v2", back_from=3)), "3", 3),
        # Gone back, and then forth by hand: nothing was left for it.
        ((ONE, TWO, THREE, release(4, "v2", back_from=3), release(5, "v3")), "", 4),
    ],
)
def test_find(all_of_them: tuple[Release, ...], wanted: str, expected: int) -> None:
    assert Releases(all_of_them).find(wanted, force=False).number == expected


@pytest.mark.parametrize(
    ("all_of_them", "wanted", "said"),
    [
        ((), "", "found none at all"),
        ((ONE,), "", r"expected one before release 1 .*, found 1 \(v1, 2026-11-24\)"),
        ((ONE, TWO), "9", r"expected release 9, found 1 \(v1, 2026-11-24\), 2 \(v2, 2026-11-24\)"),
        ((TWO, THREE, release(4, "v2", back_from=3)), "", "expected one before release 4"),
    ],
)
def test_what_is_not_there_is_refused(all_of_them: tuple[Release, ...], wanted: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        Releases(all_of_them).find(wanted, force=True)


@pytest.mark.parametrize(
    ("barrier", "wanted", "refused"),
    [(3, "", True), (3, "1", True), (2, "1", True), (2, "2", False), (2, "", False), (1, "1", False)],
)
def test_migrations_that_can_not_be_undone_are_a_barrier(barrier: int, wanted: str, refused: bool) -> None:
    releases = Releases(tuple(release(number, undone=number != barrier) for number in (1, 2, 3)))
    if refused:
        with pytest.raises(ReleaseError, match=rf"those of {barrier} \(v{barrier}, .*release_force=true"):
            releases.find(wanted, force=False)
    else:
        assert releases.find(wanted, force=False)
    assert releases.find(wanted, force=True)


def test_the_next_has_a_number_and_other_images() -> None:
    unnamed = replace(ONE, number=0, name="")
    first = Releases().next(unnamed)
    assert first is not None
    assert (first.number, first.name) == (1, "1")
    assert Releases((ONE, TWO)).next(replace(TWO, name="another")) is None
    again = Releases((ONE, TWO)).next(unnamed)
    assert again is not None
    assert (again.number, again.images) == (3, ONE.images)


def test_kept_and_dropped() -> None:
    releases = Releases(tuple(release(number) for number in range(1, 8)))
    assert [one.number for one in releases.kept(5)] == [3, 4, 5, 6, 7]
    assert [one.number for one in releases.dropped(5)] == [1, 2]
    assert Releases((ONE,)).dropped(5) == ()
    assert images_of(releases.kept(2)) == ["r/bot@sha256:v6", "r/bot@sha256:v7", "r/web@sha256:w"]


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    assert load(files) == Releases()
    for one in (ONE, TWO, release(3, undone=False, back_from=2)):
        store(files, one)
    assert load(files).all == (ONE, TWO, release(3, undone=False, back_from=2))
    assert current_number(files) == 3
    forget(files, [ONE])
    assert load(files).all[0] == TWO
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "releases").iterdir()} == {0o600}
    assert (tmp_path / "releases").stat().st_mode & 0o777 == 0o700


def test_a_record_that_was_interrupted_or_spoilt_does_not_count(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    for one in (ONE, TWO):
        store(files, one)
    folder = tmp_path / "releases"
    (folder / "3.json").write_text((folder / "2.json").read_text())  # current wasn't moved on to it
    (folder / "1.json").write_text('{"number": 1, "ima')
    (folder / ".4.json.x1").write_text("")
    assert load(files).all == (TWO,)
    new = load(files).next(THREE)
    assert new == THREE
    store(files, new)
    assert load(files).all == (TWO, THREE)


def test_a_lost_current_is_the_last(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    for one in (ONE, TWO):
        store(files, one)
    for text in ("", "two\n"):
        (tmp_path / "releases" / "current").write_text(text)
        assert load(files).current == TWO
