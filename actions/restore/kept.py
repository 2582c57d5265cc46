"""The databases that were replaced by a swap: which are still there, and how they go at last."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import errors, sql

from actions.backup.connected import first_line, in_the_way, maintenance, named_visitors, not_allowed
from actions.backup.doorman import only_one_works
from actions.backup.marks import KeptMark, Mark, NewMark, marked_databases, read_mark
from actions.errors import BackoutError, RefusedError


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptDatabase:
    """What was the service's database until then."""

    name: str
    database: str
    until: datetime
    because: str
    bytes: int
    #: Its oid: a name is given anew with every swap.
    number: int = 0


def kept_databases(admin_url: str, *, database: str) -> tuple[KeptDatabase, ...]:
    """Those that were replaced in this database's place, the newest first."""
    with maintenance(admin_url, avoid=(database,), purpose="lists") as connection:
        marks = [mark for mark, _ in marked_databases(connection) if isinstance(mark, KeptMark)]
        found = []
        for mark in (each for each in marks if each.database == database):
            row = connection.execute(
                "SELECT pg_database_size(oid), oid::bigint FROM pg_database WHERE datname = %s", [mark.name]
            ).fetchone()
            found.append(
                KeptDatabase(
                    name=mark.name, database=database, until=mark.until, because=mark.because,
                    bytes=int(row[0]) if row else 0, number=int(row[1]) if row else 0,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.until, reverse=True))


def drop_kept(admin_url: str, name: str, *, database: str) -> None:
    """Drops one that was kept. RefusedError for whatever is not, or no longer, such a one, and while it is in use."""
    drop_marked(admin_url, name, database=database, kind=KeptMark)


def drop_marked(admin_url: str, name: str, *, database: str, kind: type[KeptMark] | type[NewMark]) -> None:
    """Only a database whose own mark says that it is of this kind, and was made for this service's database."""
    with (
        maintenance(admin_url, avoid=(name, database), purpose="drops") as connection,
        only_one_works(connection, database),
    ):
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if row is None:
            raise BackoutError(
                f"There is no database {name} on this server", next_step="`backout backups SERVICE` lists what is kept."
            )
        mark: Mark | None = read_mark(name, row[0])
        if not isinstance(mark, kind) or mark.database != database or name == database:
            raise RefusedError(
                f"Database {name} is not one that Backout made beside {database}, so it is not dropped",
                next_step="Drop it yourself if you are sure.",
            )
        if inside := in_the_way(connection, name).visitors:
            raise RefusedError(
                f"Database {name} is in use: {'; '.join(named_visitors(inside))}", next_step="Try again later."
            )
        try:
            # Without FORCE: whoever looks into it for something lost shall not be thrown out.
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except errors.ObjectInUse as error:
            raise RefusedError(
                f"Database {name} is in use: {first_line(error)}", next_step="Try again later."
            ) from error
        except errors.InsufficientPrivilege as error:
            raise not_allowed(error, f"Our role may not drop {name}") from error
        except psycopg.Error as error:
            raise BackoutError(f"Database {name} could not be dropped: {first_line(error)}") from error
