"""The world itself: what every other test with containers leans on."""

from pathlib import Path

import pytest

from tests.docker_world.project import DATABASE, compose_project, connect

FILE = f"""
version: "2.4"
services:
  postgres: {DATABASE.rstrip()}
    ports: ["127.0.0.1::5432"]
    volumes: ["data:/var/lib/postgresql/data"]
  api:
    image: ${{BASE}}
    command: [python3, -c, "import alembic, psycopg, sqlalchemy, time; print('ready', flush=True); time.sleep(600)"]
    init: true
volumes: {{data: {{}}}}
"""


@pytest.mark.docker
def test_it_has_a_database_with_vectors_and_a_python_with_alembic(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(FILE)
    with compose_project(tmp_path) as project:
        project.up()
        project.wait_healthy("postgres")
        with connect(project.port("postgres", 5432)) as connection:
            connection.execute("CREATE EXTENSION vector")
            assert connection.execute("SELECT '[1,2]'::vector <-> '[1,3]'::vector").fetchone() == (1.0,)
        assert project.states("api") == ["running"]
    assert project.containers() == []
