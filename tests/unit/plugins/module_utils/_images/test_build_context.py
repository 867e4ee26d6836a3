"""What goes into a build: Docker's ignore rules, a digest of the content alone, an archive of the same."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from ansible_collections.aisha.cluster.plugins.module_utils._images.build_context import (
    IgnoreRules,
    SourceError,
    SourceTree,
    file_digest,
    write_archive,
)


def grow(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        (["secret"], "secret", True),
        (["secret"], "secret/key", True),
        (["secret"], "app/secret", False),
        (["/secret/"], "secret", True),
        (["./secret"], "secret", True),
        (["app/../secret"], "secret", True),
        (["*.pyc"], "a.pyc", True),
        (["*.pyc"], "app/a.pyc", False),
        (["**/*.pyc"], "a.pyc", True),
        (["**/*.pyc"], "app/deep/a.pyc", True),
        (["app/**/log"], "app/log", True),
        (["app/**/log"], "app/a/b/log", True),
        (["app/**"], "app/a/b", True),
        (["app/**"], "application", False),
        (["temp?"], "temp1", True),
        (["temp?"], "temp", False),
        (["[ab].txt"], "b.txt", True),
        (["[^ab].txt"], "b.txt", False),
        (["a\\*b"], "a*b", True),
        (["a\\*b"], "axb", False),
        (["a.b"], "axb", False),
        (["# secret", "", "  ", ".", "!"], "secret", False),
        (["  secret  "], "secret", True),
        (["\ufeffsecret"], "secret", True),
        (["*.md", "!README.md"], "README.md", False),
        (["*.md", "!README.md", "README*"], "README.md", True),
        (["docs", "!docs/api"], "docs/api/index", False),
        (["docs", "!docs/api"], "docs/index", True),
        (["!README.md", "*.md"], "README.md", True),
        (["*"], "app/main.py", True),
        (["*", "!app"], "app/main.py", False),
    ],
)
def test_ignore_rules_are_docker_s(lines: list[str], path: str, ignored: bool) -> None:
    assert IgnoreRules(lines).ignores(path) is ignored


@pytest.mark.parametrize(
    ("lines", "folder", "looks"),
    [(["docs", "!docs/api"], "docs", True), (["docs", "!doc"], "docs", False), (["docs"], "docs", False)],
)
def test_an_ignored_folder_is_looked_into_only_for_an_exception(
    lines: list[str], folder: str, looks: bool
) -> None:
    assert IgnoreRules(lines).keeps_below(folder) is looks


def test_a_broken_rule_is_named() -> None:
    with pytest.raises(SourceError, match=r"\[a-"):
        IgnoreRules(["[a-"])


def test_scan_finds_what_a_build_may_see(tmp_path: Path) -> None:
    grow(
        tmp_path,
        {
            ".dockerignore": "secrets\n!secrets/public\n*.log\n",
            "app/main.py": "",
            "app/__pycache__/main.pyc": "",
            "secrets/key": "",
            "secrets/public": "",
            "a.log": "",
        },
    )
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("app/main.py")
    os.mkfifo(tmp_path / "pipe")
    tree = SourceTree.scan(tmp_path, ["**/__pycache__"])
    assert [(entry.path, entry.kind) for entry in tree.entries] == [
        ("app", "folder"),
        ("app/main.py", "file"),
        ("empty", "folder"),
        ("link", "link"),
        ("secrets/public", "file"),
    ]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        SourceTree.scan(tmp_path / "nowhere")


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        file_digest(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("touch", True),
        ("umask", True),
        ("ignored", True),
        ("ignore file", True),
        ("content", False),
        ("execute bit", False),
        ("name", False),
        ("empty folder", False),
        ("link", False),
    ],
)
def test_the_digest_is_of_the_content_alone(tmp_path: Path, change: str, same: bool) -> None:
    grow(tmp_path, {".dockerignore": "*.log\n", "a.log": "", "run": "1"})
    (tmp_path / "link").symlink_to("run")
    before = SourceTree.scan(tmp_path).digest()
    if change == "touch":
        os.utime(tmp_path / "run", (1, 1))
    elif change == "umask":
        (tmp_path / "run").chmod(0o600)
    elif change == "ignored":
        grow(tmp_path, {"a.log": "more", "b.log": ""})
    elif change == "ignore file":
        grow(tmp_path, {".dockerignore": "# logs\n*.log\n"})
    elif change == "content":
        grow(tmp_path, {"run": "2"})
    elif change == "execute bit":
        (tmp_path / "run").chmod(0o755)
    elif change == "name":
        (tmp_path / "run").rename(tmp_path / "ran")
    elif change == "empty folder":
        (tmp_path / "storage").mkdir()
    else:
        (tmp_path / "link").unlink()
        (tmp_path / "link").symlink_to("elsewhere")
    assert (SourceTree.scan(tmp_path).digest() == before) is same


def test_the_archive_holds_trees_and_files_with_plain_modes(tmp_path: Path) -> None:
    source = grow(
        tmp_path / "source", {"app/main.py": "print()", "app/run": "", ".dockerignore": "*.log", "a.log": ""}
    )
    (source / "app/main.py").chmod(0o600)
    (source / "app/run").chmod(0o700)
    (source / "link").symlink_to("app/run")
    recipe = grow(tmp_path, {"Dockerfile.web": "FROM scratch"}) / "Dockerfile.web"
    dest = tmp_path / "source.tar.gz"
    size = write_archive(dest, {"context": SourceTree.scan(source)}, {"web.Dockerfile": recipe})
    assert size == dest.stat().st_size > 0
    with tarfile.open(dest) as archive:
        members = {member.name: member for member in archive.getmembers()}
        main = archive.extractfile("context/app/main.py")
        assert main is not None
        assert main.read() == b"print()"
    assert {name: oct(member.mode) for name, member in members.items()} == {
        "context": "0o755",
        "context/app": "0o755",
        "context/app/main.py": "0o644",
        "context/app/run": "0o755",
        "context/link": "0o644",
        "web.Dockerfile": "0o644",
    }
    assert members["context/link"].linkname == "app/run"
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def test_an_archive_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        write_archive(tmp_path / "nowhere" / "a.tar.gz", {}, {})
