"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE words (word text NOT NULL UNIQUE)")


def downgrade() -> None:
    op.execute("DROP TABLE words")
