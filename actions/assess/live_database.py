"""Can the service's database be reached, as whom, and which revision is live there?"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from actions.assess.connecting import connect_to_read
from actions.errors import UnavailableError
from actions.redaction import learn_secret, redact

CONNECT_SECONDS = 5
QUERY_MILLISECONDS = 5000
SETTINGS: dict[str, str | int] = {"default_transaction_read_only": "on", "statement_timeout": QUERY_MILLISECONDS}
#: Once more, for a pooler passes no settings on.
_FOR_THIS_TRANSACTION = sql.SQL("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {}").format(
    QUERY_MILLISECONDS
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseFacts:
    version: str
    major: int
    user: str
    size_bytes: int
    may_create_databases: bool
    #: The live revisions; None when there is no version table.
    revisions: tuple[str, ...] | None


def look_at(url: str, *, version_table: str, version_schema: str | None) -> DatabaseFacts:
    """Read only, in seconds, or UnavailableError with the server's own reason and nothing secret."""
    learn_secret(url)
    try:
        with (
            connect_to_read(url, SETTINGS, application_name="backout", connect_timeout=CONNECT_SECONDS) as connection,
            connection.transaction(),
        ):
            connection.execute(_FOR_THIS_TRANSACTION)
            return _facts(connection, version_table, version_schema)
    except (psycopg.Error, UnicodeError) as error:
        raise UnavailableError(_reason(error), next_step="Check the URL, the network and the role.") from error


def _facts(connection: psycopg.Connection[Any], table: str, schema: str | None) -> DatabaseFacts:
    row = connection.execute(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000, current_user,"
        " pg_database_size(current_database()),"
        " (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user)"
    ).fetchone()
    if row is None:
        raise UnavailableError("The server gave no answer about itself")
    name = sql.Identifier(schema, table) if schema else sql.Identifier(table)
    there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name.as_string(connection)]).fetchone()
    revisions = None
    if there and there[0]:
        query = sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(name)
        revisions = tuple(str(found) for (found,) in connection.execute(query))
    return DatabaseFacts(
        version=str(row[0]).split()[0], major=row[1], user=row[2], size_bytes=row[3],
        may_create_databases=bool(row[4]), revisions=revisions,
    )  # fmt: skip


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in redact(str(error)).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
