"""Writers are authors or editors."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE members SET role = 'author' WHERE role = 'writer'")


def downgrade() -> None:
    op.execute("UPDATE members SET role = 'writer' WHERE role IN ('author', 'editor')")
