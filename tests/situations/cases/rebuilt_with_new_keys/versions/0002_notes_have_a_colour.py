"""Notes have a colour."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("notes", sa.Column("colour", sa.String(10)))


def downgrade() -> None:
    op.execute("CREATE TEMPORARY TABLE kept AS SELECT body FROM notes ORDER BY body")
    op.execute("DELETE FROM notes")
    op.drop_column("notes", "colour")
    op.execute("INSERT INTO notes (body) SELECT body FROM kept")
