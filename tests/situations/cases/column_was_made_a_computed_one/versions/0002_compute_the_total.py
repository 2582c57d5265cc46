"""Compute the total."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE lines DROP total")
    op.execute("ALTER TABLE lines ADD total integer GENERATED ALWAYS AS (amount * quantity) STORED")


def downgrade() -> None:
    op.execute("ALTER TABLE lines ALTER total DROP EXPRESSION")
