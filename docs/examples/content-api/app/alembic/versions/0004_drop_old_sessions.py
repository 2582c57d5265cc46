"""5. Removing tables (high risk)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.drop_table("old_sessions")


def downgrade() -> None:
    op.create_table("old_sessions", sa.Column("id", sa.Integer, primary_key=True), sa.Column("user_id", sa.Integer))
