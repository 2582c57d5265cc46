"""Nobody reads the old preferences."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_column("users", "old_preferences")


def downgrade() -> None:
    op.add_column("users", sa.Column("old_preferences", sa.String(200)))
