"""Count in cents."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE prices SET amount = amount * 100")


def downgrade() -> None:
    op.execute("UPDATE prices SET amount = amount / 100")
