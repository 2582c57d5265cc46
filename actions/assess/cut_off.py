"""Takes from a copy what the copied database could use to reach other servers from within the server itself.

No fence around the client sees what a trigger or a function does over there. So a copy has no user mappings, its
foreign servers lead nowhere, and the functions of `dblink` refuse. That happens before the copy is looked at for the
first time, so none of it counts as a change.
"""

from typing import Any

import psycopg
from psycopg import sql

#: No folder of that name holds a server's socket.
NOWHERE = "/backout-rehearsal-leads-nowhere"
REFUSAL = "BEGIN RAISE EXCEPTION 'Backout: a rehearsal may not reach outside its scratch database'; END"

#: Wrappers that know libpq's options; others are cut off by their missing user mappings.
_SERVERS = """
SELECT s.srvname, coalesce((SELECT array_agg(split_part(option, '=', 1)) FROM unnest(s.srvoptions) option), '{}')
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
WHERE f.fdwname IN ('postgres_fdw', 'dblink_fdw') ORDER BY 1
"""
_MAPPINGS = "SELECT srvname, usename FROM pg_user_mappings ORDER BY 1, 2"
#: What connects, or works on a connection. Their library is loaded by these functions alone.
_DBLINK = """
SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid)), pg_get_function_result(p.oid)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname = 'c' AND p.probin LIKE '%dblink' AND p.prorettype <> 'void'::regtype AND p.prokind = 'f'
  AND p.proname NOT LIKE '%validator' ORDER BY 1
"""


def cut_off(connection: psycopg.Connection[Any]) -> None:
    """In one transaction of the caller's; as the owner of the copy."""
    for server, user in connection.execute(_MAPPINGS).fetchall():
        whom = sql.SQL("PUBLIC") if user == "public" else sql.Identifier(user)
        connection.execute(sql.SQL("DROP USER MAPPING IF EXISTS FOR {} SERVER {}").format(whom, sql.Identifier(server)))
    for server, options in connection.execute(_SERVERS).fetchall():
        known = [name for name in ("hostaddr", "service") if name in options]
        changes = [sql.SQL("{} host {}").format(sql.SQL("SET" if "host" in options else "ADD"), sql.Literal(NOWHERE))]
        changes += [sql.SQL("DROP {}").format(sql.Identifier(name)) for name in known]
        connection.execute(
            sql.SQL("ALTER SERVER {} OPTIONS ({})").format(sql.Identifier(server), sql.SQL(", ").join(changes))
        )
    for signature, result in connection.execute(_DBLINK).fetchall():
        text = (
            f"CREATE OR REPLACE FUNCTION {signature} RETURNS {result} LANGUAGE plpgsql AS $cut_off${REFUSAL}$cut_off$"
        )
        connection.execute(text.encode())
