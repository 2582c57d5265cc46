"""Reports begin."""

import sqlalchemy as sa
from alembic import op

revision = "r001"
down_revision = None
branch_labels = ("reports",)
depends_on = "0001"


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("reports")
