"""Totals may be corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("totals", sa.Column("corrected", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.execute("TRUNCATE totals")
    op.drop_column("totals", "corrected")
    op.execute("INSERT INTO totals (page, visits) SELECT page, count(*) FROM visits GROUP BY page")
