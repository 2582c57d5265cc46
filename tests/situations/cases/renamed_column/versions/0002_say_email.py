"""Say email."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "mail", new_column_name="email")


def downgrade() -> None:
    op.alter_column("users", "email", new_column_name="mail")
