"""Payloads may be anything."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("hooks", "payload", type_=sa.Text(), existing_type=sa.JSON())


def downgrade() -> None:
    op.alter_column("hooks", "payload", type_=sa.JSON(), existing_type=sa.Text(), postgresql_using="payload::json")
