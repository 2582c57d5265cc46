"""Guests, and their stays"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "guests",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.String(20)),
    )
    op.create_table(
        "stays",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("guest_id", sa.BigInteger, sa.ForeignKey("guests.id"), nullable=False),
        sa.Column("nights", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade():
    op.drop_table("stays")
    op.drop_table("guests")
