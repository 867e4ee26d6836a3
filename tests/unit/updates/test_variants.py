"""Each variant can be made of the reference application as it is, differs from it, and is Python."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest
from updatelab import variants


@pytest.mark.parametrize("name", variants.VARIANTS)
def test_a_variant_is_made(tmp_path: Path, name: str) -> None:
    folder = variants.make(name, tmp_path / name)
    for path in (*folder.glob("app/**/*.py"), *folder.glob("alembic/**/*.py")):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    plain = variants.make("good", tmp_path / "plain")
    difference = filecmp.dircmp(plain, folder)
    changed = difference.diff_files + difference.right_only
    changed += [file for part in difference.subdirs.values() for file in part.diff_files + part.right_only]
    assert changed or name == "good" or difference.subdirs["app"].subdirs["bot"].diff_files
    assert not (folder / "tests").exists()


def test_marks_make_different_applications(tmp_path: Path) -> None:
    one, two = (variants.make("good", tmp_path / mark, mark) for mark in ("1", "2"))
    texts = {(folder / variants.HANDLERS).read_text(encoding="utf-8") for folder in (one, two)}
    assert len(texts) == 2
    assert all("Anything else is repeated." in text for text in texts)


def test_an_application_that_has_changed_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("twice twice", encoding="utf-8")
    for old in ("twice", "never"):
        with pytest.raises(ValueError, match="file: expected once"):
            variants.Replacement("file", old, "once")(tmp_path)
    with pytest.raises(ValueError, match="there already"):
        variants.Addition("file", "")(tmp_path)
