"""Currencies live in the code."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_table("currencies")


def downgrade() -> None:
    op.create_table(
        "currencies",
        sa.Column("code", sa.String(3), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.bulk_insert(
        sa.table("currencies", sa.column("code", sa.String), sa.column("name", sa.String)),
        [{"code": "EUR", "name": "Euro"}, {"code": "CHF", "name": "Franc"}],
    )
