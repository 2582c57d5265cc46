"""6. Data migrations (high risk)."""

from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.execute("UPDATE users SET status = 'active' WHERE status IS NULL")


def downgrade() -> None:
    op.execute("UPDATE users SET status = NULL WHERE status = 'active'")
