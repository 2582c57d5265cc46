"""Addresses may be shared."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("users_email_key", "users", type_="unique")


def downgrade() -> None:
    op.execute("DELETE FROM users a USING users b WHERE a.email = b.email AND a.id < b.id")
    op.create_unique_constraint("users_email_key", "users", ["email"])
