"""Addresses have their own table."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("line", sa.String(200), nullable=False),
    )
    op.execute(
        "INSERT INTO addresses (user_id, line) SELECT id, address FROM users WHERE address IS NOT NULL ORDER BY id"
    )
    op.drop_column("users", "address")


def downgrade() -> None:
    op.add_column("users", sa.Column("address", sa.String(200)))
    op.execute(
        "UPDATE users SET address = a.line FROM "
        "(SELECT DISTINCT ON (user_id) user_id, line FROM addresses ORDER BY user_id, id) a WHERE a.user_id = users.id"
    )
    op.drop_table("addresses")
