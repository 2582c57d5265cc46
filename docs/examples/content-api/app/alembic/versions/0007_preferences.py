"""1. Adding columns (low risk)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    op.add_column("users", sa.Column("preferences", sa.JSON()))


def downgrade() -> None:
    op.drop_column("users", "preferences")
