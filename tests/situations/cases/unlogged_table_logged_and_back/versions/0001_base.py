"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE UNLOGGED TABLE jobs (id serial PRIMARY KEY, name text)")


def downgrade() -> None:
    op.execute("DROP TABLE jobs")
