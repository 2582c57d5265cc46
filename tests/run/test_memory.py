"""What the downgrade does to an empty copy is rehearsed once for a world that stays the same but for its rows."""

import sys
from pathlib import Path

import psycopg
import pytest

from actions.catalog import load_catalog
from actions.history.database import History
from actions.run.proposing import Assessed, assess_database
from actions.run.steps.site import Site

ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool

with open(os.path.join(os.path.dirname(__file__), "..", "runs"), "a") as runs:
    runs.write("ran\\n")
url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = """
from alembic import op
revision, down_revision = "0001", None
def upgrade(): op.execute("CREATE TABLE orders (id int PRIMARY KEY)")
def downgrade(): op.execute("DROP TABLE orders")
"""
SECOND = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade(): op.execute("ALTER TABLE orders ADD note text")
def downgrade(): op.execute("ALTER TABLE orders DROP note")
"""
CATALOG = """
services:
  shop:
    environment: staging
    platform: {kind: local, folder: .}
    database: ${SHOP_URL}
    migrations: {config: alembic.ini, run: {python: PYTHON}}
"""


@pytest.fixture
def site(history: History, database_url: str, tmp_path: Path) -> Site:
    (tmp_path / "migrations/versions").mkdir(parents=True)
    (tmp_path / "migrations/env.py").write_text(ENV)
    (tmp_path / "migrations/versions/0001.py").write_text(FIRST)
    (tmp_path / "migrations/versions/0002.py").write_text(SECOND)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "catalog.yml").write_text(CATALOG.replace("PYTHON", sys.executable))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0002');"
            "CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'kept')"
        )
    environ = {"SHOP_URL": database_url}
    service = load_catalog(tmp_path / "catalog.yml", environ).service("shop")
    return Site(service=service, environ=environ, history=history, home=tmp_path / "home")


def look(site: Site, target: str = "-1", *, with_data: bool = False) -> Assessed:
    return assess_database(site, target, with_data=with_data)


def runs(site: Site) -> int:
    """How often Alembic was started since this was last asked."""
    file = site.home.parent / "runs"
    found = len(file.read_text().splitlines()) if file.exists() else 0
    file.unlink(missing_ok=True)
    return found


def tell(site: Site, statement: str) -> None:
    with psycopg.connect(site.url) as connection:
        connection.execute(statement.encode())


def lost(found: Assessed) -> list[tuple[str, str | None, int]]:
    return [(entry.table, entry.column, entry.rows) for entry in found.assessment.ledger]


def test_rows_are_counted_anew_and_the_schema_is_not_rehearsed_anew(site: Site) -> None:
    first = look(site)
    assert (lost(first), runs(site) >= 2) == ([("orders", "note", 1)], True)
    tell(site, "INSERT INTO orders VALUES (2, 'written meanwhile')")
    again = look(site, "0001")
    assert (lost(again), runs(site)) == ([("orders", "note", 2)], 0)
    assert again.assessment.evidence.schema == first.assessment.evidence.schema
    assert again.about is not None


@pytest.mark.slow
def test_another_world_another_question_or_the_data_are_rehearsed(site: Site) -> None:
    look(site)
    runs(site)
    look(site, "base")
    assert runs(site) >= 2, "another target"
    look(site)
    assert runs(site) >= 2, "the first target again, after another one"
    tell(site, "CREATE INDEX by_note ON orders (note)")
    look(site)
    assert runs(site) >= 2, "another schema"
    script = site.home.parent / "migrations/versions/0002.py"
    script.write_text(SECOND + "# edited\n")
    look(site)
    assert runs(site) >= 2, "another script"
    look(site, with_data=True)
    assert runs(site) >= 2, "with the data"
    site.memory.forget("shop")
    look(site)
    assert runs(site) >= 2, "forgotten"


def test_a_rehearsal_that_failed_is_not_remembered(site: Site) -> None:
    tell(site, "CREATE VIEW seen AS SELECT note FROM orders")
    assert look(site).assessment.failure is not None
    assert runs(site)
    assert look(site).assessment.failure is not None
    assert runs(site)
