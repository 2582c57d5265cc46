"""Ids are unique."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_unique_constraint("uq_users_id", "users", ["id"])


def downgrade() -> None:
    op.drop_constraint("uq_users_id", "users", type_="unique")
