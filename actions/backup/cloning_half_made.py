"""The half-made copies of databases: made under a working name that admits nobody, discarded, and swept after the dead.

The name, and what is given to the copy in the very statement that makes it, say that it is ours.
"""

import logging
import re
import secrets
from typing import LiteralString

import psycopg
from psycopg import errors, sql

from actions.backup.connected import first_line, type_connection

log = logging.getLogger(__name__)

#: The lock of whoever makes a half-made copy; the server gives it back when its maker dies.
_LOCK: LiteralString = "195821683, hashtext(%s)"
_WORKING = re.compile(r"backout_cloning_[0-9a-f]{16}")
#: Up to here the server copies faster through its log than by files, for which it must write out everything first.
SMALL_BYTES = 200 * 1024 * 1024


def working_name() -> str:
    return f"backout_cloning_{secrets.token_hex(8)}"


def copy_as_template(connection: type_connection, database: str, working: str, size: int) -> None:
    """By files where that is faster, and by the file system's own cloning where it has it."""
    row = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    connection.execute(f"SELECT pg_advisory_lock({_LOCK})", [working])
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} ALLOW_CONNECTIONS false CONNECTION LIMIT 0{}")
    by_files = sql.SQL(" STRATEGY FILE_COPY") if connection.info.server_version >= 150000 else sql.SQL("")
    parts = (sql.Identifier(working), sql.Identifier(database), sql.Identifier(str(row[0]) if row else "postgres"))
    if size <= SMALL_BYTES:
        connection.execute(statement.format(*parts, sql.SQL("")))
        return
    try:
        if connection.info.server_version >= 180000:
            connection.execute("SET file_copy_method = 'clone'")
        connection.execute(statement.format(*parts, by_files))
    except (errors.InvalidParameterValue, errors.FeatureNotSupported, errors.IoError, errors.UndefinedFile):
        # This build or this file system has no such thing.
        connection.execute("RESET file_copy_method")
        connection.execute(statement.format(*parts, by_files))


def discard(connection: type_connection, working: str) -> None:
    """What cannot be dropped now is dropped by whoever comes next."""
    try:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(working)))
        connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", [working])
    except psycopg.Error as error:
        log.warning("Half-made clone %s is left: %s", working, first_line(error), extra={"event": "clone_left"})


def sweep(connection: type_connection) -> tuple[str, ...]:
    """Ours by the name, and by what was given to it in the very statement that made it: nobody gets in, limit 0."""
    rows = connection.execute(
        "SELECT datname FROM pg_database d WHERE starts_with(datname, 'backout_cloning_') AND NOT datallowconn"
        " AND datconnlimit IN (0, -2) AND shobj_description(oid, 'pg_database') IS NULL"
    ).fetchall()
    dropped = []
    for (name,) in rows:
        if _WORKING.fullmatch(name) and _is_forgotten(connection, name):
            discard(connection, name)
            dropped.append(name)
    return tuple(dropped)


def _is_forgotten(connection: type_connection, working: str) -> bool:
    row = connection.execute(f"SELECT pg_try_advisory_lock({_LOCK})", [working]).fetchone()
    return bool(row and row[0])
