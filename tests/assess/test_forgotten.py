from pathlib import Path

import psycopg

from actions.assess.forgotten import sweep_forgotten
from actions.backup.connecting import place_of
from actions.backup.scratch import PREFIX, place_sum
from actions.catalog import load_catalog

CATALOG = """
services:
  gone:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{GONE_URL}}
    migrations: alembic.ini
  people:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{PEOPLE_URL}}
    migrations: alembic.ini
"""


def test_a_start_drops_what_was_forgotten_and_passes_over_servers_that_do_not_answer(
    tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "backout.yml"
    file.write_text(CATALOG.format(folder=tmp_path))
    environ = {"PEOPLE_URL": database_url, "GONE_URL": "postgresql://a:b@127.0.0.1:1/x"}
    with psycopg.connect(database_url, autocommit=True) as admin:
        row = admin.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row is not None
        name = f"{PREFIX}{place_sum(place_of(database_url)[2], row[0])}_{'0' * 16}"
        admin.execute(f"CREATE DATABASE {name}".encode())
        sweep_forgotten(load_catalog(file, environ).services.values(), environ)
        assert admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None
