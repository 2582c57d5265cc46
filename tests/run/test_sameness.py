"""An assessment is not made anew only where it is sure that the world is the one that it was about."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from actions.assess.place import migrations_place
from actions.assess.scripts import read_graph
from actions.assess.seen import Graph
from actions.catalog import load_catalog
from actions.history.canonical import JsonObject
from actions.history.database import History
from actions.run.sameness import look_around, mark, same_world, written_since
from actions.run.steps.site import Site

ENV = "from alembic import context\n"
FIRST = 'revision, down_revision = "0001", None\ndef upgrade(): pass\ndef downgrade(): pass\n'
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
    write_project(tmp_path)
    (tmp_path / "catalog.yml").write_text(CATALOG.replace("PYTHON", sys.executable))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0001')"
        )
        connection.execute("CREATE TABLE orders (id int)")
    environ = {"SHOP_URL": database_url}
    service = load_catalog(tmp_path / "catalog.yml", environ).service("shop")
    return Site(service=service, environ=environ, history=history, home=tmp_path / "home")


def write_project(folder: Path) -> None:
    shutil.rmtree(folder / "migrations", ignore_errors=True)
    (folder / "migrations/versions").mkdir(parents=True)
    (folder / "migrations/env.py").write_text(ENV)
    (folder / "migrations/versions/0001.py").write_text(FIRST)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")


def read(site: Site) -> Graph:
    return read_graph(site.house.commands, migrations_place(site.service, site.environ))


def marked(site: Site, graph: Graph) -> JsonObject:
    found = mark(site, look_around(site), graph)
    assert found is not None
    return found


def tell(site: Site, statement: str) -> None:
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(statement.encode())


def folder(site: Site) -> Path:
    return site.home.parent


CHANGES: dict[str, Callable[[Site], object]] = {
    "a script is edited": lambda site: (folder(site) / "migrations/versions/0001.py").write_text(FIRST + "# edited\n"),
    "a script is gone": lambda site: (folder(site) / "migrations/versions/0001.py").unlink(),
    "a script came": lambda site: (folder(site) / "migrations/versions/0002.py").write_text(FIRST),
    "a folder with a script came": lambda site: (
        (folder(site) / "migrations/versions/more").mkdir(),
        (folder(site) / "migrations/versions/more/0002.py").write_text(FIRST),
    ),
    "env.py is edited": lambda site: (folder(site) / "migrations/env.py").write_text(ENV + "# edited\n"),
    "alembic.ini is edited": lambda site: (folder(site) / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n\n"),
    "the revision moved": lambda site: tell(site, "UPDATE alembic_version SET version_num = '0000'"),
    "a column came": lambda site: tell(site, "ALTER TABLE orders ADD note text"),
    "a right was given": lambda site: tell(site, "GRANT SELECT ON orders TO PUBLIC"),
    "a view came": lambda site: tell(site, "CREATE VIEW seen AS SELECT id FROM orders"),
}  # fmt: skip


def test_only_a_world_in_which_nothing_changed_is_the_same(site: Site) -> None:
    graph = read(site)
    was = marked(site, graph)
    cache = folder(site) / "migrations/versions/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "0001.cpython-311.pyc").touch()
    now = same_world(site, was)
    assert now is not None
    assert written_since(was, now) == frozenset()
    tell(site, "INSERT INTO orders VALUES (1)")
    now = same_world(site, was)
    assert now is not None
    assert written_since(was, now) == {"public.orders"}
    for what, change in CHANGES.items():
        write_project(folder(site))
        was = marked(site, graph)
        change(site)
        assert same_world(site, was) is None, what


def test_what_cannot_be_told_is_not_the_same(site: Site) -> None:
    graph = read(site)
    was = marked(site, graph)
    assert same_world(site, None) is None
    assert same_world(site, {**was, "at": "2020-01-01T00:00:00+00:00"}) is None
    assert same_world(site, {**was, "at": "never"}) is None
    assert same_world(site, {**was, "entry": "another catalog"}) is None
    (folder(site) / "migrations/versions/helper.py").write_text("# imported by a script, or a script?\n")
    assert mark(site, look_around(site), graph) is None
