"""A reference database, a copy of it by template, and what a migration does to the copy."""

import secrets
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from actions.assess.content.budget import UNLIMITED, Budget
from actions.assess.content.outcomes import Comparison, TableOutcome
from actions.assess.content.reference import Reference
from actions.assess.schema.naming import Identity
from actions.embedded import EmbeddedPostgres

SHOP = (Path(__file__).parent / "shop.sql").read_text()


class Rehearsal:
    """The two databases of a data rehearsal; the copy is made when it is first needed."""

    def __init__(self, server: EmbeddedPostgres, reference_url: str, reference: Reference | None = None) -> None:
        self._server = server
        self._name = f"copy_{secrets.token_hex(6)}"
        self.reference_url = reference_url
        self.reference = reference or Reference(reference_url)

    def fill(self, statements: str) -> "Rehearsal":
        """Make the reference, and the copy of it."""
        run(self.reference_url, statements)
        return self.copy()

    def copy(self) -> "Rehearsal":
        with psycopg.connect(self.reference_url) as connection:
            template = sql.Identifier(connection.info.dbname)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(self._name), template)
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(statement)
        return self

    def drop(self) -> None:
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._name)))

    @property
    def copy_url(self) -> str:
        return self._server.url(self._name)

    def down(
        self, statements: str = "", *, budget: Budget = UNLIMITED, likely: Collection[Identity] = ()
    ) -> Comparison:
        run(self.copy_url, statements)
        return self.reference.after_downgrade(self.copy_url, budget=budget, likely=likely)

    def up(self, statements: str = "") -> Comparison:
        run(self.copy_url, statements)
        return self.reference.after_reupgrade(self.copy_url)


def run(url: str, statements: str) -> None:
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        connection.execute(statements.encode())


@pytest.fixture
def rehearsal(postgres_server: EmbeddedPostgres, database_url: str) -> Iterator[Rehearsal]:
    """An empty reference, to be filled."""
    made = Rehearsal(postgres_server, database_url)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def shop_reference(postgres_server: EmbeddedPostgres) -> Iterator[tuple[str, Reference]]:
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop_reference")
        url = postgres_server.url("shop_reference")
        run(url, SHOP)
        yield url, Reference(url)
        connection.execute("DROP DATABASE shop_reference WITH (FORCE)")


@pytest.fixture
def shop(postgres_server: EmbeddedPostgres, shop_reference: tuple[str, Reference]) -> Iterator[Rehearsal]:
    """A copy of the shop of `shop.sql`, whose reference is shared because nobody touches it."""
    made = Rehearsal(postgres_server, *shop_reference).copy()
    yield made
    made.drop()


@pytest.fixture
def the_table() -> Callable[[Comparison], TableOutcome]:
    """The one table in which anything differs."""

    def only(found: Comparison) -> TableOutcome:
        assert not found.unread
        (table,) = found.tables
        return table

    return only


@pytest.fixture
def named() -> Callable[..., Identity]:
    """`table` or `table.column` in the schema public."""

    def identity(name: str) -> Identity:
        table, _, column = name.rpartition(".")
        return Identity(schema="public", table=table or None, name=column)

    return identity
