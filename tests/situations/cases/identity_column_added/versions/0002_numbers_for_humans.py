"""Numbers for humans."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("orders", sa.Column("number", sa.Integer(), sa.Identity(start=1000)))


def downgrade() -> None:
    op.drop_column("orders", "number")
