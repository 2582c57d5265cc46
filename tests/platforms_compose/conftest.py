"""One small project for all: a database, and an application that only waits."""

from collections.abc import Iterator

import pytest

from actions.catalog.platform import ComposePlatform
from actions.catalog.service import Service
from actions.catalog.writers import Writers
from actions.platforms.compose_house import ComposeHouse
from tests.docker_world.project import Project, compose_project

FILE = """
version: "2.4"
services:
  api:
    image: ${BASE}
    command: [sleep, "600"]
    init: true
    environment: {COLOUR: green, DATABASE_URL: "postgresql://app:live@db/live"}
  worker:
    image: ${BASE}
    command: [sleep, "600"]
    init: true
    scale: 2
  sick:
    image: ${BASE}
    command: [sleep, "600"]
    init: true
    healthcheck: {test: [CMD, "false"], interval: 1s, timeout: 2s, retries: 2}
  mounted: {image: "${BASE}", volumes: [".:/project:ro"]}
  nowhere: {image: "registry.invalid/never/built:1"}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "docker-compose.yml").write_text(FILE)
    with compose_project(folder) as project:
        project.up("api", "worker")
        yield project


def service_of(project: Project, **more: object) -> Service:
    return Service.model_construct(
        name="shop",
        platform=ComposePlatform(folder=project.folder, project=project.name, env=dict(project.environ)),
        writers=more.pop("writers", Writers()),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def house(project: Project) -> ComposeHouse:
    import os

    return ComposeHouse(service=service_of(project), environ=dict(os.environ))
