"""The application knows where its database is."""

from alembic import context
from shop.settings import Settings
from sqlalchemy import create_engine, pool

engine = create_engine(Settings().sqlalchemy_url, poolclass=pool.NullPool)

with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
