"""Tags that follow the content, and problems that are found before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aisha.cluster.plugins.plugin_utils._image_plan import (
    Origin,
    PlannedImage,
    plan,
    plan_image,
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("print()", encoding="utf-8")
    for name in ("Dockerfile", "Dockerfile.bot"):
        (tmp_path / name).write_text("FROM scratch\n", encoding="utf-8")
    return tmp_path


def only(image: dict[str, Any], origin: Origin, **options: Any) -> PlannedImage:
    (planned,) = plan([image], origin, **options)
    return planned


def test_defaults_are_the_folder_and_its_dockerfile(source: Path) -> None:
    image = only({"name": "web"}, Origin(str(source)))
    assert (image.context, image.dockerfile) == (str(source), str(source / "Dockerfile"))
    assert image.problem == ""
    assert image.tags == (image.digest[:12],)


@pytest.mark.parametrize(
    ("image", "origin", "problem"),
    [
        ({}, Origin("relative"), "expected an absolute path as its source; found relative"),
        ({"context": "nowhere"}, Origin("{}"), "expected the folder {}/nowhere; it isn't there"),
        ({"dockerfile": "No.file"}, Origin("{}"), "expected the Dockerfile {}/No.file; it isn't there"),
        ({"source": "{}/app"}, Origin(), "expected the Dockerfile {}/app/Dockerfile; it isn't there"),
        (
            {"dockerfile": "No.file"},
            Origin("{}", "c0ffee"),
            "expected the Dockerfile {}/No.file; it isn't there",
        ),
    ],
)
def test_problems_name_image_and_path(
    source: Path, image: dict[str, Any], origin: Origin, problem: str
) -> None:
    image = {"name": "web"} | {key: value.format(source) for key, value in image.items()}
    planned = plan_image(image, Origin(origin.folder.format(source), origin.revision))
    assert planned.problem == f"image web: {problem.format(source)}"


def test_a_broken_ignore_file_is_a_problem_too(source: Path) -> None:
    (source / ".dockerignore").write_text("[a-\n", encoding="utf-8")
    assert "[a-" in plan_image({"name": "web"}, Origin(str(source))).problem


@pytest.mark.parametrize(
    "change",
    [{"build_args": {"A": "1"}}, {"target": "test"}, {"context": "app"}],
)
def test_what_makes_an_image_changes_its_digest(source: Path, change: dict[str, Any]) -> None:
    plain = plan_image({"name": "web"}, Origin(str(source)))
    assert plan_image({"name": "web"} | change, Origin(str(source))).digest != plain.digest


def test_a_dockerfile_outside_the_context_counts(source: Path) -> None:
    image = {"name": "web", "context": "app"}
    before = plan_image(image, Origin(str(source))).digest
    (source / "Dockerfile").write_text("FROM other\n", encoding="utf-8")
    assert plan_image(image, Origin(str(source))).digest != before


def test_images_that_share_a_context_are_packed_once(source: Path) -> None:
    web, bot, app = plan(
        [{"name": "web"}, {"name": "bot", "dockerfile": "Dockerfile.bot"}, {"name": "app", "context": "app"}],
        Origin(str(source)),
    )
    assert web.folder == bot.folder != app.folder


def test_images_released_together_share_a_tag_that_any_of_them_changes(source: Path) -> None:
    images = [{"name": "web"}, {"name": "bot", "context": "app"}]
    web, bot = plan(images, Origin(str(source)), together=True)
    assert web.tags == bot.tags
    assert [image.tags for image in plan(images[::-1], Origin(str(source)), together=True)] == [web.tags] * 2
    (source / "app/main.py").write_text("pass", encoding="utf-8")
    assert plan(images, Origin(str(source)), together=True)[0].tags != web.tags


def test_a_name_comes_beside_the_content_and_latest_is_pushed_first(source: Path) -> None:
    image = only({"name": "web"}, Origin(str(source)), tag="v1")
    content = image.digest[:12]
    assert image.tags == (content, "v1")
    assert image.as_dict()["push"] == ["latest", content, "v1"]


def test_without_a_source_there_is_only_the_name() -> None:
    image = only({"name": "web"}, Origin(), tag="v1", together=True)
    assert (image.digest, image.tags, image.problem) == ("", ("v1",), "")


def test_a_commit_stands_for_content_that_is_not_here_yet(source: Path) -> None:
    before = only({"name": "web"}, Origin(revision="c0ffee"))
    after = only({"name": "web"}, Origin(str(source), "c0ffee"))
    assert before.tags == after.tags != ()
    assert only({"name": "web"}, Origin(revision="decaf")).tags != before.tags
    assert only({"name": "web", "build_args": {"A": 1}}, Origin(revision="c0ffee")).tags != before.tags
    assert only({"name": "web", "source": str(source)}, Origin(revision="c0ffee")).tags != before.tags


def test_build_args_are_text_as_an_environment_has_it() -> None:
    arguments = {"DEBUG": True, "TESTS": False, "JOBS": 2, "EMPTY": None, "NAME": "a"}
    planned = plan_image({"name": "web", "build_args": arguments}, Origin(revision="c0ffee"))
    expected = {"DEBUG": "true", "TESTS": "false", "JOBS": "2", "EMPTY": "", "NAME": "a"}
    assert dict(planned.build_args) == expected
