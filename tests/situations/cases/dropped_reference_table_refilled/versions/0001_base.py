"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("currencies")
