"""Moments, not clock faces."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("events", "at", type_=sa.DateTime(timezone=True), existing_type=sa.DateTime())


def downgrade() -> None:
    op.alter_column("events", "at", type_=sa.DateTime(), existing_type=sa.DateTime(timezone=True))
