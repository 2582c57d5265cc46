"""Codes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

conn = op.get_bind()


def upgrade() -> None:
    conn.execute(sa.text("CREATE INDEX ix_users_email ON users (email)"))
    op.alter_column("users", "email", type_=sa.String(200))


def downgrade() -> None:
    conn.execute(sa.text("DROP INDEX ix_users_email"))
    op.alter_column("users", "email", type_=sa.String(100))
