"""Addresses have a code."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TYPE address ADD ATTRIBUTE code text")


def downgrade() -> None:
    op.execute("ALTER TYPE address DROP ATTRIBUTE code")
