"""One question that is asked again and again while nothing happens: it must cost next to nothing."""

from typing import Any

import psycopg
from sqlalchemy import ColumnElement, Select

from actions.history.database import History
from actions.history.failures import translated


class Glance:
    """On a connection of its own, in one round trip, outside of any transaction. For one thread."""

    def __init__(self, history: History, question: Select[Any] | ColumnElement[Any]) -> None:
        """The question needs no values from outside, and its answer is one value."""
        self._where, self._conninfo = history.where, history.conninfo
        written = question.compile(dialect=history.engine.dialect, compile_kwargs={"literal_binds": True})
        self._text = str(written).encode()
        self._connection: psycopg.Connection | None = None

    def look(self) -> Any:
        """Raises as every use of the history does; the next look tries a new connection."""
        with translated(self._where):
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._conninfo, autocommit=True, prepare_threshold=None)
            row = self._connection.execute(self._text, ()).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> "Glance":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
