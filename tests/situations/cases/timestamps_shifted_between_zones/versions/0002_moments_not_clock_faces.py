"""Moments, not clock faces."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE events ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'")


def downgrade() -> None:
    op.execute("ALTER TABLE events ALTER at TYPE timestamp USING at AT TIME ZONE 'Europe/Berlin'")
