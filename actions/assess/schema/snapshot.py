"""Reads a database's schema in one consistent look.

What it costs the database. Two round trips, catalogs only, no row of a user's table. Every lock is ACCESS SHARE, that
of a plain SELECT: on the catalogs, on whatever a view, a rule or an SQL-bodied function mentions (the server locks it
to print the definition), and for a moment on tables whose indexes and expressions are printed. It conflicts with
ACCESS EXCLUSIVE only. So this waits while somebody alters such a table, at most `patience`, and then says so; and all
locks are given back at the end even inside the caller's transaction, since a savepoint that is rolled back releases
them.
"""

from collections.abc import Iterable
from datetime import timedelta

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from actions.assess.schema.building import Row, assemble
from actions.assess.schema.queries import catalog_queries
from actions.assess.schema.refusals import SchemaMovingError, translated
from actions.assess.schema.values import Schema
from actions.errors import ConfigurationError

OLDEST_SERVER = 13

#: The server prints expressions by these settings, and the same schema has to read the same whoever asks.
_SETTINGS = {
    "search_path": "",
    "quote_all_identifiers": "off",
    "client_encoding": "UTF8",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "jit": "off",  # compiling these queries takes longer than running them
}

#: A schema that changes under our eyes is looked at once more, and then once more.
_LOOKS = 3


def read_schema(
    connection: psycopg.Connection,
    *,
    ignore_tables: Iterable[str] = ("alembic_version",),
    patience: timedelta = timedelta(seconds=5),
) -> Schema:
    """Everything in this database that is neither the server's own nor an extension's.

    In a transaction of its own (repeatable read, read only), or in the caller's, whose changes it then sees. Ignored
    tables are named plainly (in any schema) or as `schema.table`. Session settings are left as they were.
    """
    version = connection.info.server_version // 10000
    if version < OLDEST_SERVER:
        raise ConfigurationError(
            f"PostgreSQL {version} is older than {OLDEST_SERVER}, the oldest that can be assessed",
            where=f"database {connection.info.dbname}",
            next_step=f"Upgrade the server to PostgreSQL {OLDEST_SERVER} or newer.",
        )
    answers = _answers(connection, version, patience)
    return assemble(answers, server_version=version, ignored=ignore_tables)


def _answers(connection: psycopg.Connection, version: int, patience: timedelta) -> dict[str, list[Row]]:
    for look in range(_LOOKS):
        try:
            with translated(connection, patience):
                return _look(connection, version, patience)
        except SchemaMovingError:
            if look == _LOOKS - 1:
                raise
    raise AssertionError("the last look returns or raises")


def _look(connection: psycopg.Connection, version: int, patience: timedelta) -> dict[str, list[Row]]:
    ours = connection.info.transaction_status is TransactionStatus.IDLE
    settings = {**_SETTINGS, "lock_timeout": f"{max(1, round(patience.total_seconds() * 1000))}ms"}
    calls = ", ".join(f"set_config('{name}', '{wanted}', true)" for name, wanted in settings.items())
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; " if ours else ""
    queries = catalog_queries(version)
    with (
        connection.transaction(force_rollback=True),
        # Sent as one simple query each: one round trip, and no server-side state that a connection pooler could lose.
        connection.cursor(row_factory=dict_row, binary=False) as cursor,
    ):
        cursor.execute(f"{begin}SELECT {calls}", prepare=False)
        cursor.execute(";\n".join(queries.values()), prepare=False)
        answers: dict[str, list[Row]] = {}
        for name in queries:
            answers[name] = list(cursor.fetchall())
            cursor.nextset()
    if any("definition" in row and row["definition"] is None for rows in answers.values() for row in rows):
        raise psycopg.errors.InternalError_("a definition is gone")
    return answers
