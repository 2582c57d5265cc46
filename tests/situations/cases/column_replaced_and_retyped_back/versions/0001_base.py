"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE shops (id serial PRIMARY KEY, hours text)")


def downgrade() -> None:
    op.execute("DROP TABLE shops")
