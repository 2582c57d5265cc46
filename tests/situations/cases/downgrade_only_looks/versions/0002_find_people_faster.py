"""Find people faster."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_users_email", "users", ["email"], if_not_exists=True)


def downgrade() -> None:
    op.execute("SELECT count(*) FROM users")
