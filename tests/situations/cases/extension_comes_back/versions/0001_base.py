"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
    )
    op.execute("CREATE EXTENSION vector")


def downgrade() -> None:
    op.drop_table("documents")
    op.execute("DROP EXTENSION vector")
