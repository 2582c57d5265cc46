"""Deleted notes can be brought back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("notes", sa.Column("deleted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    # Without the column they would all be visible again.
    op.execute("DELETE FROM notes WHERE deleted_at IS NOT NULL")
    op.drop_column("notes", "deleted_at")
