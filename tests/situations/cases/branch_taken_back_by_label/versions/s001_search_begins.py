"""Search begins."""

import sqlalchemy as sa
from alembic import op

revision = "s001"
down_revision = "0001"
branch_labels = ("search",)


def upgrade() -> None:
    op.create_table(
        "searches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("words", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("searches")
