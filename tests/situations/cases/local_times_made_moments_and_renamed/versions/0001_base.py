"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("begins", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("visits")
