"""The stored rows of one table into that table, as fast as the server takes them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import psycopg

from actions.backup.encryption import Keys
from actions.backup.manifest import StoredFile, TableContent
from actions.backup.pipes import Tally, ending, unpacked
from actions.backup.rows import TableRows, copy_in, identifier
from actions.backup.store import Store
from actions.errors import BackoutError
from actions.restore.complaining import refused
from actions.restore.limits import Limits, Meter

#: One piece of a message to the server: the driver copies every piece, and a huge one twice.
PIECE = 256 << 10


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRows:
    """Where the rows of tables are, and how they are written down."""

    store: Store
    keys: Keys | None
    #: As the server calls it.
    encoding: str

    def of(self, file: StoredFile) -> Iterator[bytes]:
        """The text as it was dumped; at its end the file is verified."""
        return unpacked(self.store, file, self.keys)


def rows_of(table: TableContent) -> TableRows:
    return TableRows(schema_name=table.schema_name, name=table.name, columns=table.columns)


def title_of(table: TableContent) -> str:
    return f"{table.schema_name}.{table.name}"


def fill_table(
    connection: psycopg.Connection, table: TableContent, stored: StoredRows, *, limits: Limits, meter: Meter
) -> Tally:
    """In one transaction, which leaves the rows frozen: nobody has to come back for them. What was put in is measured
    on its way.
    """
    if table.file is None:
        raise ValueError("the rows of this table are not in a file of their own")
    tally = Tally()
    what = f"The rows of {title_of(table)} could not be restored"
    text = stored.of(table.file)
    with ending(text):
        pieces = meter.over(tally.of(limits.within(text)))
        first = next(pieces, None)
        if first is not None:
            try:
                with connection.transaction():
                    _copy(connection, rows_of(table), stored.encoding, chain((first,), pieces))
            except psycopg.Error as error:
                raise refused(what, error) from error
            except BackoutError as error:
                raise type(error)(f"{what}. {error.what}", where=error.where, next_step=error.next_step) from error
    meter.finish_table()
    return tally


def _copy(connection: psycopg.Connection, table: TableRows, encoding: str, pieces: Iterable[bytes]) -> None:
    # An empty table stays empty; but FREEZE is allowed only in a transaction that emptied it.
    connection.execute(f"TRUNCATE ONLY {identifier(table.schema_name)}.{identifier(table.name)}".encode())
    with connection.cursor() as cursor, cursor.copy(copy_in(table, encoding=encoding, freeze=True).encode()) as copy:
        for piece in pieces:
            view = memoryview(piece)
            for start in range(0, len(view), PIECE):
                copy.write(view[start : start + PIECE])
