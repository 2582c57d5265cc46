"""Move the texts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("INSERT INTO profiles SELECT id, bio FROM users")
    op.drop_column("users", "bio")


def downgrade() -> None:
    op.add_column("users", sa.Column("bio", sa.Text()))
    op.execute("UPDATE users SET bio = p.bio FROM profiles p WHERE p.user_id = users.id")
    op.execute("DELETE FROM profiles")
