"""Guests may leave a wish, and pay with vouchers"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.add_column("bookings", sa.Column("wish", sa.Text))
    op.create_table(
        "vouchers",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("booking_id", sa.BigInteger, sa.ForeignKey("bookings.id"), nullable=False),
        sa.Column("amount", sa.Numeric(8, 2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade():
    op.drop_table("vouchers")
    op.drop_column("bookings", "wish")
