"""writers and articles"""

import sqlalchemy as sa
from alembic import op

revision = "4f1a9c02"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "writers",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String(255), nullable=False, unique=True),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("writer_id", sa.BigInteger, sa.ForeignKey("writers.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("articles")
    op.drop_table("writers")
