"""2. Removing columns (high risk)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    op.drop_column("users", "old_preferences")


def downgrade() -> None:
    op.add_column("users", sa.Column("old_preferences", sa.String()))
