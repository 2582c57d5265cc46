"""Where it all begins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("settings", postgresql.JSONB, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("accounts")
