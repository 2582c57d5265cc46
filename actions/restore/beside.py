"""A new database beside the service's: made like it, filled and compared as a scratch database, then given its name.

Until it is whole it is a scratch database: it goes when we go, however suddenly. In one transaction it then gets owner,
grants, settings, its mark and its name; from that moment on it is ready to take the service's place.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg import errors, sql

from actions.backup.connected import first_line, maintenance, not_allowed, type_connection
from actions.backup.connecting import with_database
from actions.backup.manifest import DatabaseProperties
from actions.backup.marks import NewMark, commenting, marked_databases, marking
from actions.backup.properties import giving, making, roles_of
from actions.backup.scratch import ScratchServer
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.restore.kept import drop_marked
from actions.restore.swapping import free_name


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPlace:
    """Where the new database is made, and how."""

    admin_url: str = field(repr=False)
    #: The service's database, whether it is there or not.
    live: str
    properties: DatabaseProperties
    #: Of what it is a copy: the backup's name, or the dump's.
    backup: str
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """While it is being filled."""

    url: str = field(repr=False)
    name: str
    server: ScratchServer
    place: NewPlace
    #: The statement that makes another such database.
    make: Callable[[str], sql.Composed]


@contextmanager
def beside(place: NewPlace) -> Iterator[Beside]:
    """An empty one; gone at the end unless it was adopted."""
    with maintenance(place.admin_url, avoid=(place.live,), purpose="restore") as connection:
        refuse_without_rights(connection, place)
        tablespace = _tablespace(connection, place.live)
        server_url = with_database(place.admin_url, connection.info.dbname)
        version = connection.info.server_version

    def make(name: str) -> sql.Composed:
        return making(name, place.properties, tablespace=tablespace, server_version=version)

    with ScratchServer(server_url) as server, server.database(making=make) as scratch:
        _try_out(place, scratch.name)
        yield Beside(url=scratch.url, name=scratch.name, server=server, place=place, make=make)


def _try_out(place: NewPlace, name: str) -> None:
    """Grants and settings are given at the end; whether our role may give them is known before hours of work."""
    with maintenance(place.admin_url, avoid=(place.live, name), purpose="restore") as connection:
        try:
            with connection.transaction(force_rollback=True):
                for statement in giving(name, place.properties):
                    connection.execute(statement)
        except errors.InsufficientPrivilege as error:
            raise _may_not_give(error) from error
        except psycopg.Error as error:
            raise BackoutError(
                f"The new database could not be given what the old one had: {first_line(error)}"
            ) from error


def _may_not_give(error: errors.InsufficientPrivilege) -> ConfigurationError:
    what = "The new database could not be given what the old one had"
    refused = _PARAMETER.search(error.diag.message_primary or "")
    if refused is None:
        return not_allowed(error, what)
    return ConfigurationError(
        f"{what}: our role may not set `{refused[1]}` for a database",
        next_step=f"A superuser can allow it (GRANT SET ON PARAMETER {refused[1]} TO our role, since PostgreSQL 15), or "
        "be named as `admin_url` in the catalog. In place (`--in-place`) the database keeps the settings that it has.",
    )


_PARAMETER = re.compile(r"parameter [\"'«„“”]([^\"'»“”]+)")


def adopt(new: Beside, *, name: str | None = None) -> str:
    """It is whole: the name under which it is ready to be swapped in. With `name` it gets that one for good, and no
    mark: it belongs to whoever asked for it.
    """
    place = new.place
    with maintenance(place.admin_url, avoid=(place.live, new.name), purpose="restore") as connection:
        final = name or free_name(connection, place.live, "new", place.now)
        try:
            with connection.transaction():
                renamed = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(renamed.format(sql.Identifier(new.name), sql.Identifier(final)))
                for statement in giving(final, place.properties):
                    connection.execute(statement)
                connection.execute(_ending(place, final, for_good=name is not None))
        except errors.DuplicateDatabase as error:
            raise _taken(final) from error
        except errors.InsufficientPrivilege as error:
            raise _may_not_give(error) from error
        except psycopg.Error as error:
            raise BackoutError(f"The new database could not be made ready: {first_line(error)}") from error
    return final


def ready(place: NewPlace, *, reuse: bool) -> str | None:
    """One that was restored from the same backup before, compared, and never swapped in. All others, for which nobody
    waits any more, are dropped.
    """
    with maintenance(place.admin_url, avoid=(place.live,), purpose="restore") as connection:
        marks = [mark for mark, _ in marked_databases(connection) if isinstance(mark, NewMark)]
    mine = [mark for mark in marks if mark.database == place.live]
    found = next((mark.name for mark in mine if reuse and mark.backup == place.backup), None)
    for mark in mine:
        if mark.name != found:
            drop_marked(place.admin_url, mark.name, database=place.live, kind=NewMark)
    return found


def refuse_if_taken(admin_url: str, name: str) -> None:
    with maintenance(admin_url, avoid=(name,), purpose="restore") as connection:
        if is_there(connection, name):
            raise _taken(name)


def is_there(connection: type_connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _taken(name: str) -> RefusedError:
    return RefusedError(
        f"There is a database {name} already", next_step="Choose another name, or drop it yourself if you are sure."
    )


def _ending(place: NewPlace, name: str, *, for_good: bool) -> sql.Composed:
    properties = place.properties
    if for_good:
        limit = sql.SQL("ALTER DATABASE {} WITH CONNECTION LIMIT {}").format(
            sql.Identifier(name), sql.Literal(properties.connection_limit)
        )
        return sql.SQL("; ").join([limit, commenting(name, properties.comment)])
    # Nobody gets in: what takes the service's place is what was compared.
    closed = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name))
    mark = marking(
        NewMark(
            says=f"Restored by Backout from {place.backup}, ready to take the place of {place.live}.",
            name=name, database=place.live, comment=properties.comment, connection_limit=properties.connection_limit,
            backup=place.backup, made_at=place.now,
        )
    )  # fmt: skip
    return sql.SQL("; ").join([closed, mark])


def refuse_without_rights(connection: type_connection, place: NewPlace) -> None:
    """Whoever may not make it is told so before anything is backed up for it."""
    _check_roles(connection, place.properties)
    _check_rights(connection, place)


def _check_roles(connection: type_connection, properties: DatabaseProperties) -> None:
    there = {str(name) for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    if missing := sorted(roles_of(properties) - there):
        named = ", ".join(f"`{role}`" for role in missing)
        raise ConfigurationError(
            f"The database belonged to roles, or had rights and settings for roles, that the server lacks now: {named}",
            next_step="Create them (`CREATE ROLE name NOLOGIN` is enough), then try again.",
        )


def _check_rights(connection: type_connection, place: NewPlace) -> None:
    row = connection.execute(
        "SELECT rolsuper OR rolcreatedb, rolsuper OR pg_has_role(%s::name, 'USAGE') FROM pg_roles"
        " WHERE rolname = current_user",
        [place.properties.owner],
    ).fetchone()
    if not row or not row[0]:
        raise MayNotCreateError(
            "Our role may not create databases, so nothing can be restored beside the service's",
            next_step="Name an `admin_url` in the catalog whose role has CREATEDB, or restore in place (`--in-place`).",
        )
    if not row[1]:
        raise ConfigurationError(
            f"Our role is not a member of `{place.properties.owner}`, who is to own the database",
            next_step="Name an `admin_url` in the catalog whose role is, or a superuser's.",
        )


class MayNotCreateError(ConfigurationError):
    """Then there is still the way in place."""


def _tablespace(connection: type_connection, live: str) -> str | None:
    row = connection.execute(
        "SELECT spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = %s"
        " AND spcname <> 'pg_default'",
        [live],
    ).fetchone()
    return str(row[0]) if row else None
