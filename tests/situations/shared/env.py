"""What most teams have: the URL comes from DATABASE_URL, and every revision has its own transaction."""

import os

from alembic import context
from sqlalchemy import MetaData, create_engine, pool
from sqlalchemy.engine import make_url


def url() -> str:
    return (
        make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    )


def run_offline() -> None:
    context.configure(url="postgresql+psycopg://", target_metadata=MetaData(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    engine = create_engine(url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=MetaData(), transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
