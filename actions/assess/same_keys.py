"""Lets the foreign keys of a copy hang on the same unique index as those of the live database.

A key refers to columns, and two unique indexes may cover the same ones (`UNIQUE (id)` beside the primary key). PostgreSQL
takes the older one, which is usually the primary key. A dump makes them in the order of their names, so that in a restored
copy the key may hang on the other, and a downgrade that drops that one fails there and nowhere else, or the other way round.
"""

from contextlib import suppress
from typing import LiteralString

import psycopg

from actions.assess.connecting import connect_to_read
from actions.backup.scratch import CONNECT_SECONDS, ScratchDatabase
from actions.errors import UnavailableError

#: Foreign keys that hang on a primary key although another unique index would do.
_ON_THE_PRIMARY_KEY: LiteralString = """
SELECT n.nspname::text, t.relname::text, c.conname::text
FROM pg_constraint c
JOIN pg_index i ON i.indexrelid = c.conindid
JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE c.contype = 'f' AND c.conparentid = 0 AND i.indisprimary AND EXISTS (
    SELECT FROM pg_index o
    WHERE o.indrelid = c.confrelid AND o.indisunique AND NOT o.indisprimary AND o.indnkeyatts = i.indnkeyatts
)
"""

#: Without columns after REFERENCES it is the primary key that is meant. Only where its columns stand in the same order.
_MADE_ANEW: LiteralString = """
WITH hanging AS (
    SELECT c.conrelid::regclass::text AS "from", c.conname, c.confrelid::regclass::text AS "to",
           pg_get_constraintdef(c.oid) AS definition, (
               SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
               FROM unnest(c.confkey) WITH ORDINALITY AS k (number, place)
               JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
           ) AS columns
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted ("schema", "table", name)
    JOIN pg_namespace n ON n.nspname = wanted."schema"
    JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = wanted."table"
    JOIN pg_constraint c ON c.conrelid = t.oid AND c.conname = wanted.name AND c.contype = 'f'
    JOIN pg_index p ON p.indrelid = c.confrelid AND p.indisprimary AND p.indexrelid <> c.conindid
        AND array_to_string(c.confkey, ' ') = array_to_string((p.indkey::int2[])[0:p.indnkeyatts - 1], ' ')
)
SELECT 'ALTER TABLE ' || "from" || ' DROP CONSTRAINT ' || quote_ident(conname) || ', ADD CONSTRAINT ' || quote_ident(conname)
       || ' ' || replace(definition, ' REFERENCES ' || "to" || '(' || columns || ')', ' REFERENCES ' || "to")
FROM hanging
"""


def keep_keys(live_url: str, copy: ScratchDatabase) -> None:
    """Before anything runs on it. A key that hangs on another unique index than the primary one is left as it came."""
    try:
        with connect_to_read(
            live_url, {}, application_name="backout rehearsal", connect_timeout=CONNECT_SECONDS
        ) as live:
            wanted = live.execute(_ON_THE_PRIMARY_KEY).fetchall()
        if not wanted:
            return
        with psycopg.connect(
            copy.url, connect_timeout=CONNECT_SECONDS, application_name="backout rehearsal"
        ) as connection:
            # With no path, every name is written in full.
            connection.execute("SET LOCAL search_path = ''")
            columns = [list(column) for column in zip(*wanted, strict=True)]
            for (statement,) in connection.execute(_MADE_ANEW, columns).fetchall():
                # One that cannot be made again (a row that was never checked) stays as it came.
                with suppress(psycopg.IntegrityError, psycopg.ProgrammingError), connection.transaction():
                    connection.execute(statement)
    except psycopg.OperationalError as error:
        raise UnavailableError(
            "The foreign keys of the database could not be read, or not be made alike in the copy",
            next_step="See that its server and the copy's are up, then assess again. Nothing was changed.",
        ) from error
