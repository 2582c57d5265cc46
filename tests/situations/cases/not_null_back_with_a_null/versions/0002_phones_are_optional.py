"""Phones are optional."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "phone", nullable=True, existing_type=sa.String(30))


def downgrade() -> None:
    op.alter_column("users", "phone", nullable=False, existing_type=sa.String(30))
