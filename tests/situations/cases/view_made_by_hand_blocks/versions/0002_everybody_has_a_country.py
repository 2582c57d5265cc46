"""Everybody has a country."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("country", sa.String(2)))


def downgrade() -> None:
    op.drop_column("users", "country")
