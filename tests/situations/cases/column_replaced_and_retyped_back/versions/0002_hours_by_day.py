"""Hours by day."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE shops DROP hours")
    op.execute("ALTER TABLE shops ADD hours varchar(40)")


def downgrade() -> None:
    op.execute("ALTER TABLE shops ALTER hours TYPE text")
