"""Users and their jobs."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String(100), nullable=False),
        sa.Column("status", sa.String(20)),
        sa.Column("old_preferences", sa.String),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.create_table(
        "content_jobs",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("state", sa.String(20)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.create_table("old_sessions", sa.Column("id", sa.Integer, primary_key=True), sa.Column("user_id", sa.Integer))


def downgrade() -> None:
    op.drop_table("old_sessions")
    op.drop_table("content_jobs")
    op.drop_table("users")
