import os
import stat
from pathlib import Path

import pytest

from actions.errors import UnavailableError
from actions.platforms.compose import ComposeProject, called, look_at

FILE = "services:\n  api: {image: api}\n  worker: {image: worker, profiles: [jobs]}\n"


@pytest.mark.docker
def test_a_project_on_a_real_engine_names_its_services(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(FILE)
    facts = look_at(ComposeProject(folder=tmp_path), os.environ)
    assert "api" in facts.services
    assert facts.engine[0].isdigit()
    assert facts.program in ("docker compose", "docker-compose")


@pytest.mark.docker
def test_an_engine_is_named_by_its_context(tmp_path: Path) -> None:
    """Whichever compose is here has to take it where it is put; `default` is the client's own."""
    (tmp_path / "docker-compose.yml").write_text(FILE)
    assert "api" in look_at(ComposeProject(folder=tmp_path, context="default"), os.environ).services


@pytest.mark.docker
def test_a_broken_file_is_said_in_the_tools_own_words(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services:\n  api: {imag: api}\n")
    with pytest.raises(UnavailableError, match="imag"):
        look_at(ComposeProject(folder=tmp_path), os.environ)


def test_no_docker_here_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="Neither `docker compose` nor"):
        look_at(ComposeProject(folder=tmp_path), {"PATH": str(tmp_path)})


def test_an_engine_that_does_not_answer_is_said(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\n[ $1 = compose ] && exit 0\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n")
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(UnavailableError, match="Cannot connect to the Docker daemon"):
        look_at(ComposeProject(folder=tmp_path), {"PATH": f"{tmp_path}:/bin:/usr/bin"})


def test_a_missing_folder_is_said() -> None:
    with pytest.raises(UnavailableError, match="no folder"):
        look_at(ComposeProject(folder=Path("/nowhere/at/all")), {})


def test_every_part_of_the_catalog_reaches_the_command_line() -> None:
    project = ComposeProject(
        folder=Path("/srv"), files=("a.yml", "b.yml"), project="shop", profiles=("jobs",), env_files=("x.env",),
        context="far",
    )  # fmt: skip
    words = ("--file", "a.yml", "--file", "b.yml", "--project-name", "shop", "--profile", "jobs", "--env-file", "x.env")
    assert called(("docker-compose",), project) == ("docker-compose", "--context", "far", *words)
    # The newer one, a part of the client, has no such option behind its name.
    assert called(("docker", "compose"), project) == ("docker", "--context", "far", "compose", *words)
