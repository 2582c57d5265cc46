"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE notes (id integer PRIMARY KEY, body text, kind text)")


def downgrade() -> None:
    op.execute("DROP TABLE notes")
