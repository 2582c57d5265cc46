"""Runs our migrations on the connection that `actions.history.schema` hands over.

Each migration is one transaction, and each transaction begins with its limits: one that waits for a lock
would make everybody behind it wait as well, so it gives up after four seconds instead.
"""

from typing import cast

import psycopg
from alembic import context
from sqlalchemy import Connection, event

from actions.history.tables import metadata

VERSION_TABLE = "backout_version"
LIMITS = "SET LOCAL lock_timeout = '4s'; SET LOCAL statement_timeout = '60s'"


def _limit(connection: Connection) -> None:
    # Straight to the driver: SQLAlchemy is in the middle of beginning this very transaction.
    cast("psycopg.Connection", connection.connection.driver_connection).execute(LIMITS)


connection: Connection = context.config.attributes["connection"]
event.listen(connection, "begin", _limit)
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
event.remove(connection, "begin", _limit)
