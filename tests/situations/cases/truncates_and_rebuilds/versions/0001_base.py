"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("page", sa.String(50), nullable=False),
    )
    op.create_table(
        "totals",
        sa.Column("page", sa.String(50), nullable=False),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("page"),
    )


def downgrade() -> None:
    op.drop_table("totals")
    op.drop_table("visits")
