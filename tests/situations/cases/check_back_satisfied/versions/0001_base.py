"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    op.create_check_constraint("prices_amount_check", "prices", "amount > 0")


def downgrade() -> None:
    op.drop_table("prices")
