"""Old events are events."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE old_events INHERIT events")


def downgrade() -> None:
    op.execute("ALTER TABLE old_events NO INHERIT events")
