"""No more staging area."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP SCHEMA staging")


def downgrade() -> None:
    op.execute("CREATE SCHEMA staging")
