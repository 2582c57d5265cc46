"""Totals may be rounded."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE lines ALTER total DROP EXPRESSION")


def downgrade() -> None:
    op.drop_column("lines", "total")
    op.add_column("lines", sa.Column("total", sa.Integer(), sa.Computed("amount * quantity", persisted=True)))
