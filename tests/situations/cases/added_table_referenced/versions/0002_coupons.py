"""Coupons."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(20), nullable=False),
    )
    op.add_column(
        "orders", sa.Column("coupon_id", sa.Integer(), sa.ForeignKey("coupons.id", name="orders_coupon_fkey"))
    )


def downgrade() -> None:
    op.drop_column("orders", "coupon_id")
    op.drop_table("coupons")
