"""No more readers."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP ROLE situation_readers")


def downgrade() -> None:
    op.execute("CREATE ROLE situation_readers NOLOGIN")
