"""Partition the log."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.rename_table("logs", "logs_old")
    op.execute(
        "CREATE TABLE logs (id integer NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)"
    )
    op.execute("CREATE TABLE logs_all PARTITION OF logs DEFAULT")
    op.execute("INSERT INTO logs SELECT id, at FROM logs_old")
    op.drop_table("logs_old")


def downgrade() -> None:
    op.rename_table("logs", "logs_new")
    op.execute("CREATE TABLE logs (id serial PRIMARY KEY, at date NOT NULL)")
    op.execute("INSERT INTO logs SELECT id, at FROM logs_new")
    op.execute("SELECT setval('logs_id_seq', (SELECT max(id) FROM logs))")
    op.drop_table("logs_new")
