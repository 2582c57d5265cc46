"""Goes to the live database, whatever DATABASE_URL says."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(
    os.environ["LIVE_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
)

with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
