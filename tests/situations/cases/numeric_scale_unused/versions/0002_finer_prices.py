"""Finer prices."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("prices", "amount", type_=sa.Numeric(12, 4), existing_type=sa.Numeric(10, 2))


def downgrade() -> None:
    op.alter_column("prices", "amount", type_=sa.Numeric(10, 2), existing_type=sa.Numeric(12, 4))
