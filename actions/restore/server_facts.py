"""Does the service's server answer, and what is it?"""

from dataclasses import dataclass

import psycopg

from actions.errors import UnavailableError
from actions.redaction import learn_secret, redact

CONNECT_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    version: str
    major: int
    user: str
    database_bytes: int
    tables: int


def look_at_server(url: str) -> ServerFacts:
    """UnavailableError with the server's own reason, and nothing secret."""
    learn_secret(url)
    try:
        with psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, autocommit=True, application_name="backout",
            options="-c default_transaction_read_only=on -c statement_timeout=10s",
        ) as connection:  # fmt: skip
            row = connection.execute(_FACTS).fetchone()
    except (psycopg.Error, UnicodeError) as error:
        primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        lines = redact(primary or str(error)).strip().splitlines() or [type(error).__name__]
        raise UnavailableError(
            f"The database does not answer: {lines[0][:300]}", next_step="Check the URL, the network and the role."
        ) from error
    if row is None:
        raise UnavailableError("The database gives no answer")
    number, version, user, size, tables = row
    return ServerFacts(version=version, major=number // 10000, user=user, database_bytes=size, tables=tables)


_FACTS = """
SELECT current_setting('server_version_num')::int, split_part(current_setting('server_version'), ' ', 1),
       current_user::text, pg_database_size(current_database()),
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
"""
