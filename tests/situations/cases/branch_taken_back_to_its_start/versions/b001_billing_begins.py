"""Billing begins."""

import sqlalchemy as sa
from alembic import op

revision = "b001"
down_revision = "0001"
branch_labels = ("billing",)


def upgrade() -> None:
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(20), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("invoices")
