"""Refunds are prices too."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("prices_amount_check", "prices", type_="check")


def downgrade() -> None:
    op.create_check_constraint("prices_amount_check", "prices", "amount > 0")
