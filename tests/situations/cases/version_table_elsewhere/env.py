"""Bookkeeping is kept apart from the application's tables."""

import os

from alembic import context
from sqlalchemy import create_engine, pool, text

engine = create_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
)

with engine.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS ops"))
    connection.commit()
    context.configure(
        connection=connection,
        version_table="alembic_version_shop",
        version_table_schema="ops",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
