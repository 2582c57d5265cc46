"""Refunds are prices too."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("prices_amount_check", "prices", type_="check")


def downgrade() -> None:
    op.execute("ALTER TABLE prices ADD CONSTRAINT prices_amount_check CHECK (amount > 0) NOT VALID")
