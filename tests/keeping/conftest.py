"""A service with a database of its own, two folders as its stores, and a history."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.catalog import Service, load_catalog
from actions.embedded import EmbeddedPostgres
from actions.history.database import History, open_history
from actions.restore.premises import Premises, premises_of

CATALOG = """
services:
  orders:
    environment: staging
    platform: {{kind: local, folder: .}}
    database: ${{ORDERS_URL}}
    migrations: alembic.ini
    backups: {backups}
    approvers: {{users: [U0AAAAAAA, U0BBBBBBB]}}
"""
CONTENT = """
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
INSERT INTO alembic_version VALUES ('aaa1');
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 300) n;
CREATE TABLE bills (id bigint PRIMARY KEY, customer bigint REFERENCES customers, total numeric);
INSERT INTO bills SELECT n, 1 + n % 300, n * 1.5 FROM generate_series(1, 900) n;
"""
ROWS = 1201


@pytest.fixture(scope="session")
def history_template(postgres_server: EmbeddedPostgres) -> str:
    """Set up once; a clone of it is a moment's work."""
    name = f"keeping_template_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    open_history(postgres_server.url(name)).close()
    return name


@pytest.fixture
def history_url(postgres_server: EmbeddedPostgres, history_template: str) -> Iterator[str]:
    name = f"history_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(history_template)))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def history(history_url: str) -> Iterator[History]:
    with open_history(history_url) as opened:
        yield opened


@pytest.fixture
def orders_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"orders_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(postgres_server.url(name)) as inside:
            inside.execute(CONTENT)
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "first", tmp_path / "second"


@pytest.fixture
def environ(orders_url: str) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"], "ORDERS_URL": orders_url}


MakePremises = Callable[..., Premises]


@pytest.fixture
def make_premises(
    history: History, environ: Mapping[str, str], stores: tuple[Path, Path], tmp_path: Path, home: Path
) -> MakePremises:
    """As the catalog would make them; keyword arguments are what stands under `backups`."""

    def make(**backups: str) -> Premises:
        return premises_of(history, service_of(tmp_path, stores, environ, **backups), environ, home=home, actor="test")

    return make


def service_of(folder: Path, stores: tuple[Path, Path], environ: Mapping[str, str], **backups: str) -> Service:
    given = {"stores": f"[{', '.join(f'{{folder: {each}}}' for each in stores)}]", **backups}
    text = ", ".join(f"{name}: {value}" for name, value in given.items())
    (folder / "backout.yml").write_text(CATALOG.format(backups=f"{{{text}}}"))
    return load_catalog(folder / "backout.yml", environ).service("orders")


@pytest.fixture
def premises(make_premises: MakePremises) -> Premises:
    return make_premises()
