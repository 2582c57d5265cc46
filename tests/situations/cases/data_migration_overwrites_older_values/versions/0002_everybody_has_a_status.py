"""Everybody has a status."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE users SET status = 'active' WHERE status IS NULL")


def downgrade() -> None:
    op.execute("UPDATE users SET status = NULL WHERE status = 'active'")
