"""An index, and a downgrade that clears a table of which the planner expects rows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("settings_by_key", "settings", ["key"])


def downgrade() -> None:
    op.drop_index("settings_by_key")
    seen = op.get_bind().execute(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'settings'")).scalar()
    if seen and seen > 0:
        op.execute("DELETE FROM settings WHERE key = 'limit'")
