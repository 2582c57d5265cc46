"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE agents (id serial PRIMARY KEY, kind text)")


def downgrade() -> None:
    op.execute("DROP TABLE agents")
