"""Addresses in small letters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("email_before", sa.String(100)))
    op.execute("UPDATE users SET email_before = email, email = lower(email) WHERE email <> lower(email)")


def downgrade() -> None:
    op.execute("UPDATE users SET email = email_before WHERE email_before IS NOT NULL")
    op.drop_column("users", "email_before")
