"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "countries",
        sa.Column("code", sa.String(2), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "offices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("city", sa.String(50), nullable=False),
        sa.Column("country", sa.String(2), sa.ForeignKey("countries.code"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("offices")
    op.drop_table("countries")
