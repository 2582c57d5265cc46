"""Nicknames are history."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE users_nickname_archive AS SELECT id, nickname FROM users WHERE nickname IS NOT NULL")
    op.drop_column("users", "nickname")


def downgrade() -> None:
    op.add_column("users", sa.Column("nickname", sa.String(40)))
    op.execute("UPDATE users SET nickname = a.nickname FROM users_nickname_archive a WHERE a.id = users.id")
    op.drop_table("users_nickname_archive")
