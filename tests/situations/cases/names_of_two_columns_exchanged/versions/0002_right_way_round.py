"""The right way round."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE people RENAME given TO other")
    op.execute("ALTER TABLE people RENAME family TO given")
    op.execute("ALTER TABLE people RENAME other TO family")


def downgrade() -> None:
    op.execute("ALTER TABLE people RENAME family TO other")
    op.execute("ALTER TABLE people RENAME given TO family")
    op.execute("ALTER TABLE people RENAME other TO given")
