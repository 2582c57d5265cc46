"""A running `serve` reads a compose project anew when a file changed that counts, wherever it lies."""

import os
from pathlib import Path

from actions.platforms.compose import ComposeProject
from actions.platforms.compose_files import stamps_of


def a_project(folder: Path, compose: str) -> ComposeProject:
    folder.mkdir()
    (folder / "compose.yml").write_text(compose)
    return ComposeProject(folder=folder)


def changed(file: Path) -> None:
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))


def test_while_nothing_changes_it_is_read_once(tmp_path: Path) -> None:
    project = a_project(tmp_path / "shop", "services: {web: {image: shop, env_file: .env}}")
    assert stamps_of(project) == stamps_of(project)


def test_a_file_included_from_another_folder_counts(tmp_path: Path) -> None:
    far = tmp_path / "far.yml"
    far.write_text("services: {web: {image: shop}}")
    for said in (
        "include: [../far.yml]",
        "include: [{path: [../far.yml]}]",
        "services: {web: {extends: {file: ../far.yml, service: web}}}",
    ):
        project = a_project(tmp_path / f"shop{len(said)}", said)
        before = stamps_of(project)
        changed(far)
        assert stamps_of(project) != before, said


def test_what_an_included_file_includes_counts_too(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far.yml").write_text("include: [far/further.yml]")
    (tmp_path / "far/further.yml").write_text("services: {web: {image: shop, env_file: [{path: web.environment}]}}")
    (tmp_path / "far/web.environment").write_text("A=1")
    project = a_project(tmp_path / "shop", "include: [../far.yml]")
    for file in ("far/further.yml", "far/web.environment"):
        before = stamps_of(project)
        changed(tmp_path / file)
        assert stamps_of(project) != before, file


def test_a_file_that_appears_later_counts(tmp_path: Path) -> None:
    project = a_project(
        tmp_path / "shop", "services: {web: {image: shop, env_file: [{path: ../late, required: false}]}}"
    )
    before = stamps_of(project)
    (tmp_path / "late").write_text("A=1")
    assert stamps_of(project) != before


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    project = a_project(tmp_path / "shop", "include: [../far.yml]")
    (tmp_path / "far.yml").write_text("include: [shop/compose.yml]")
    assert stamps_of(project) == stamps_of(project)


def test_a_name_that_compose_fills_in_is_never_trusted(tmp_path: Path) -> None:
    project = a_project(tmp_path / "shop", "include: ['${WHERE}/far.yml']")
    assert stamps_of(project) != stamps_of(project)


def test_a_tag_that_only_compose_knows_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "far.yml").write_text("services: {}")
    project = a_project(tmp_path / "shop", "services: {web: {ports: !reset [], env_file: !override [../far.yml]}}")
    before = stamps_of(project)
    changed(tmp_path / "far.yml")
    assert stamps_of(project) != before


def test_a_file_that_is_no_yaml_is_for_compose_to_complain_about(tmp_path: Path) -> None:
    project = a_project(tmp_path / "shop", "services: [")
    assert stamps_of(project) == stamps_of(project)
