"""One side of a comparison: a read-only session that answers with numbers."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from actions.assess.content.forms import Types
from actions.assess.content.lines import whole_lines
from actions.assess.schema.snapshot import read_schema
from actions.assess.schema.values import Schema
from actions.errors import UnavailableError
from actions.redaction import learn_secret, redact

_CONNECT_SECONDS = 10

#: The text form of a value depends on these, and must not depend on who asks.
_SETTINGS = {
    "default_transaction_read_only": "on",
    "search_path": "pg_catalog",
    "client_encoding": "UTF8",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "row_security": "off",  # rows that a policy hides are an error, never silently missing
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    "work_mem": "64MB",
    "jit": "off",  # these queries are wide and short-lived
}

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """An open session and what is in its database."""

    connection: psycopg.Connection[Row]
    schema: Schema
    types: Types
    #: Answers by question, where the content never changes; None where it may.
    remembered: MutableMapping[str, Row] | None = field(default=None)

    def ask(self, question: str) -> Row:
        """The one row of the answer."""
        if self.remembered is not None and question in self.remembered:
            return self.remembered[question]
        row = self.connection.execute(question.encode()).fetchone()
        if row is None:
            raise UnavailableError("The server gave no answer", where=f"database {self.connection.info.dbname}")
        if self.remembered is not None:
            self.remembered[question] = row
        return row

    def rows(self, question: str) -> list[Row]:
        return self.connection.execute(question.encode()).fetchall()

    @contextmanager
    def lines(self, question: str, numbers: int) -> Iterator[Iterator[bytes]]:
        """The lines of a COPY, as they come."""
        with self.connection.cursor() as cursor, cursor.copy(question.encode()) as copy:
            yield whole_lines((bytes(block) for block in copy), numbers)

    def interrupt(self) -> None:
        """End whatever it is doing; from another thread. Where that fails, the caller tries again."""
        with suppress(psycopg.Error):
            self.connection.cancel_safe(timeout=5)


@contextmanager
def looking_at(
    url: str,
    *,
    ignore_tables: tuple[str, ...],
    schema: Schema | None = None,
    remembered: MutableMapping[str, Row] | None = None,
) -> Iterator[Look]:
    """Connects, reads the schema unless it is known, and closes again."""
    learn_secret(url)
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="backout compare"
        )
    except (psycopg.Error, UnicodeError) as error:
        raise UnavailableError(
            f"A copy could not be reached for comparison: {_first_line(error)}",
            next_step="See that the server is up and takes connections; then assess again.",
        ) from error
    with connection:
        _prepare(connection)
        found = (
            schema
            if schema is not None
            else read_schema(connection, ignore_tables=ignore_tables, patience=timedelta(seconds=30))
        )
        yield Look(connection=connection, schema=found, types=Types.of(found), remembered=remembered)


def _prepare(connection: psycopg.Connection[Row]) -> None:
    wanted = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(name), sql.Literal(value)) for name, value in _SETTINGS.items()
    )
    # Older servers do not know them all.
    connection.execute(
        sql.SQL(
            "SELECT pg_catalog.set_config(s.name, w.value, false)"
            " FROM (VALUES {}) AS w(name, value) JOIN pg_catalog.pg_settings s ON s.name = w.name"
        ).format(wanted)
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
