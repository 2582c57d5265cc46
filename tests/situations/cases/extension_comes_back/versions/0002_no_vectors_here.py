"""No vectors here."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP EXTENSION vector")


def downgrade() -> None:
    op.execute("CREATE EXTENSION vector")
