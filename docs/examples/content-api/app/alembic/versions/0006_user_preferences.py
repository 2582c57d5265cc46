"""4. Adding tables (low risk)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("theme", sa.String(20)),
    )


def downgrade() -> None:
    op.drop_table("user_preferences")
