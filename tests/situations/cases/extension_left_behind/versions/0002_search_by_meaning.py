"""Search by meaning."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute("ALTER TABLE documents ADD embedding vector(3)")


def downgrade() -> None:
    op.drop_column("documents", "embedding")
