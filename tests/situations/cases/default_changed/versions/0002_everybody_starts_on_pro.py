"""Everybody starts on pro."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "plan", server_default="pro")


def downgrade() -> None:
    op.alter_column("users", "plan", server_default="free")
