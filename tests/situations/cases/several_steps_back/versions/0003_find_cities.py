"""Find cities."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_users_city", "users", ["city"])


def downgrade() -> None:
    op.drop_index("ix_users_city", "users")
