"""Show who is active."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("CREATE VIEW active_users AS SELECT id, email FROM users WHERE active")


def downgrade() -> None:
    op.drop_column("users", "active")
    op.execute("DROP VIEW active_users")
