"""Asking the database for one value, read-only."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg

from actions.errors import BackoutError, UnavailableError
from actions.redaction import learn_secret
from actions.verify.outcome import Value

CONNECT_SECONDS = 5
#: The connection broke; the server is ending, or not ready yet.
_AWAY = ("08", "57P0")


class QueryError(BackoutError):
    """The query of a check did not give one value."""


class NoAnswerError(QueryError, UnavailableError):
    """The database is away: that says nothing about what was asked."""


def single_value(url: str, query: str, *, within: timedelta) -> Value:
    """The one value of the one row. The server's own words may hold values of rows and are not kept."""
    learn_secret(url)
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="backout check") as connection:
            connection.read_only = True
            limit = max(1, int(within.total_seconds() * 1000))
            connection.execute("SELECT set_config('statement_timeout', %s, true)", [f"{limit}ms"])
            rows = connection.execute(query.encode()).fetchmany(2)
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith(_AWAY):
            raise NoAnswerError("the database does not answer it") from error
        raise QueryError(_said(error)) from error
    except psycopg.Error as error:
        raise QueryError(_said(error)) from error
    if len(rows) != 1 or len(rows[0]) != 1:
        raise QueryError("the query gives more or less than one value")
    return _plain(rows[0][0])


def _said(error: psycopg.Error) -> str:
    if error.sqlstate == "57014":
        return "the query ran out of time"
    return f"the query failed ({type(error).__name__}, {error.sqlstate or 'no code'})"


def _plain(value: Any) -> Value:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
