"""States in small letters."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE pages DISABLE TRIGGER stamp")
    op.execute("UPDATE pages SET state = lower(state)")
    op.execute("ALTER TABLE pages ENABLE TRIGGER stamp")


def downgrade() -> None:
    op.execute("UPDATE pages SET state = upper(state)")
