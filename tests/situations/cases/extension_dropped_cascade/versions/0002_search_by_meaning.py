"""Search by meaning."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE EXTENSION vector")
    op.execute("ALTER TABLE documents ADD embedding vector(3)")


def downgrade() -> None:
    op.execute("DROP EXTENSION vector CASCADE")
