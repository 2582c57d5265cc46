"""Finer places."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("places", "latitude", type_=sa.Double(), existing_type=sa.REAL())


def downgrade() -> None:
    op.alter_column("places", "latitude", type_=sa.REAL(), existing_type=sa.Double())
