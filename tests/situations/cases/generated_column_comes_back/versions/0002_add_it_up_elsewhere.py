"""Add it up elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_column("lines", "total")


def downgrade() -> None:
    op.add_column("lines", sa.Column("total", sa.Integer(), sa.Computed("amount * quantity", persisted=True)))
