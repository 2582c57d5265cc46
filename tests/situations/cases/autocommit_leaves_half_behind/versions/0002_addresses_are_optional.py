"""Addresses are optional."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "email", nullable=True, existing_type=sa.String(100))
    op.create_index("ix_users_email", "users", ["email"])


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_users_email", "users", postgresql_concurrently=True)
    op.alter_column("users", "email", nullable=False, existing_type=sa.String(100))
