"""Gives a copy what the live database tells every session that opens it: `ALTER DATABASE app SET search_path = app`.

No dump has that, and it decides where scripts find their tables, what a moment without a zone means, whose rows are to be
seen. It is given to the role that works on the copy, so that it comes before what that role has of its own.
"""

from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from actions.assess.connecting import connect_to_read
from actions.backup.properties import assignment
from actions.backup.scratch import CONNECT_SECONDS, ScratchDatabase
from actions.errors import UnavailableError

#: The weakest first: of all roles, of the database, of the role, of the role in this database.
_SETTINGS: LiteralString = """
SELECT said.text FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY AS said (text, position)
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
ORDER BY s.setrole <> 0, s.setdatabase <> 0, said.position
"""
#: Another role and its libraries may not be where the copy is, and the copy has to be written to.
LEFT_OUT = frozenset({"role", "session_authorization", "default_transaction_read_only", "transaction_read_only"})
_LIBRARIES = "_preload_libraries"


def settings_of(live_url: str) -> tuple[str, ...]:
    """`name=value`, one for each name; the one that holds."""
    with connect_to_read(
        live_url, {}, application_name="backout rehearsal", connect_timeout=CONNECT_SECONDS
    ) as connection:
        texts = [str(row[0]) for row in connection.execute(_SETTINGS).fetchall()]
    held = {text.partition("=")[0].lower(): text for text in texts}
    return tuple(text for name, text in held.items() if name not in LEFT_OUT and not name.endswith(_LIBRARIES))


def give_settings(live_url: str, copy: ScratchDatabase) -> None:
    """What we may not set there, or what that server does not know, is left out."""
    try:
        texts = settings_of(live_url)
        if not texts:
            return
        for_us = sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} ").format(sql.Identifier(copy.name))
        with psycopg.connect(copy.url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            for text in texts:
                with suppress(psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError):
                    connection.execute(for_us + assignment(text))
    except psycopg.OperationalError as error:
        raise UnavailableError(
            "The settings of the database could not be read, or not be given to the copy",
            next_step="See that its server and the copy's are up, then assess again. Nothing was changed.",
        ) from error
