"""The pieces of a script, carried out on the server itself: statements and rows, and nothing that is meant for psql."""

from collections.abc import Callable, Iterator

import psycopg

from actions.errors import BackoutError
from actions.restore.foreign_reading import Fate, Reading
from actions.restore.foreign_script import CopyBegins, CopyEnds, CopyRows, Piece, Statement
from actions.restore.limits import Meter

#: Statements that go to the server together: one question and answer for each would cost more than the work.
TOGETHER = 64 * 1024
#: Settings that older servers do not know; pg_dump writes them whatever the server.
_NEWER_SETTINGS = (b"SET transaction_timeout",)
SETS_TRANSACTION_TIMEOUT = 170000


class ScriptPlayer:
    """Carries the pieces of a script out, in the one transaction of its session."""

    def __init__(
        self, connection: psycopg.Connection, reading: Reading, meter: Meter, *,
        leave_out: Callable[[bytes], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        self._connection, self._reading, self._meter, self._leave_out = connection, reading, meter, leave_out
        self._waiting: list[bytes] = []
        self._size = 0

    def play(self, pieces: Iterator[Piece]) -> None:
        for piece in pieces:
            fate = self._reading.take(piece)
            if isinstance(piece, Statement) and fate is Fate.RUN and self._is_wanted(piece.text):
                self._waiting.append(piece.text)
                self._size += len(piece.text)
                if self._size > TOGETHER:
                    self._send()
            elif isinstance(piece, CopyBegins):
                self._send()
                self._copy(piece, pieces)
                self._meter.finish_table()
        self._send()

    def _is_wanted(self, statement: bytes) -> bool:
        older = self._connection.info.server_version < SETS_TRANSACTION_TIMEOUT
        unknown = older and any(setting in statement for setting in _NEWER_SETTINGS)
        return not unknown and not self._leave_out(statement)

    def _send(self) -> None:
        if self._waiting:
            # Without parameters, so that the server takes several statements at once.
            self._connection.execute(b"\n".join(self._waiting))
            self._waiting.clear()
            self._size = 0

    def _copy(self, begins: CopyBegins, pieces: Iterator[Piece]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(begins.text) as copy:
            for piece in pieces:
                self._reading.take(piece)
                if isinstance(piece, CopyEnds):
                    return
                if not isinstance(piece, CopyRows):
                    raise BackoutError("The script has something else among a table's rows")
                copy.write(piece.text)
