"""Looks of SQLAlchemy and Alembic into the catalogs are looks; so nothing that a plain migration sends is suspected."""

from collections.abc import Iterator

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Integer, String, create_engine, event, inspect, text

from actions.assess.statements.reading import statements_in


@pytest.fixture
def sent(database_url: str) -> Iterator[tuple[Connection, list[str]]]:
    """A connection of SQLAlchemy, and every text that is sent on it."""
    texts: list[str] = []
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: texts.append(statement))
    with engine.connect() as connection:
        yield connection, texts
    engine.dispose()


def test_an_inspection_of_everything_is_plain(sent: tuple[Connection, list[str]]) -> None:
    connection, texts = sent
    connection.execute(
        text(
            "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE r (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1 AS a;"
            "CREATE TABLE t (id serial PRIMARY KEY, m mood, r int REFERENCES r UNIQUE CHECK (r > 0)); CREATE INDEX ON t (m)"
        )
    )
    texts.clear()
    inspector = inspect(connection)

    for schema in inspector.get_schema_names():
        inspector.get_multi_columns(schema=schema), inspector.get_multi_indexes(schema=schema)
        inspector.get_multi_foreign_keys(schema=schema), inspector.get_multi_check_constraints(schema=schema)
        inspector.get_multi_unique_constraints(schema=schema), inspector.get_multi_pk_constraint(schema=schema)
        inspector.get_multi_table_comment(schema=schema), inspector.get_view_names(schema=schema)
        inspector.get_sequence_names(schema=schema)
    assert inspector.has_table("t")
    assert inspector.get_view_definition("v")

    assert len(texts) > 5
    assert [(s.reasons, s.text) for one in texts for s in statements_in(one) if not s.plain] == []


def test_operations_of_alembic_are_plain_and_their_data_is_not(sent: tuple[Connection, list[str]]) -> None:
    connection, texts = sent
    operations = Operations(MigrationContext.configure(connection))

    operations.create_table("t", Column("id", Integer, primary_key=True), Column("name", String(20)))
    operations.alter_column("t", "name", type_=String(10), new_column_name="title", nullable=False)
    operations.create_index("i", "t", ["title"], unique=True)
    operations.create_check_constraint("k", "t", "id > 0")
    plain, at = [s for one in texts for s in statements_in(one)], len(texts)
    operations.execute("DELETE FROM t")
    operations.drop_table("t")

    assert all(statement.plain for statement in plain)
    (retyping,) = [each for statement in plain for each in statement.retypings]
    assert (str(retyping.table), retyping.column, retyping.type, retyping.using) == ("t", "name", "VARCHAR(10)", None)
    assert [s.plain for one in texts[at:] for s in statements_in(one)] == [False, True]
