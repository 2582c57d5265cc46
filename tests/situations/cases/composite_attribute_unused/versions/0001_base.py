"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TYPE address AS (street text, city text)")
    op.execute("CREATE TABLE shops (id serial PRIMARY KEY, at address)")


def downgrade() -> None:
    op.execute("DROP TABLE shops")
    op.execute("DROP TYPE address")
