"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(100), nullable=False),
    )
    op.execute("CREATE VIEW people AS SELECT id, email FROM users")


def downgrade() -> None:
    op.execute("DROP VIEW people")
    op.drop_table("users")
