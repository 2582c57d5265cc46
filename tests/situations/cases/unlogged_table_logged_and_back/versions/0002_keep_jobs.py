"""Keep jobs."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs SET LOGGED")


def downgrade() -> None:
    op.execute("ALTER TABLE jobs SET UNLOGGED")
