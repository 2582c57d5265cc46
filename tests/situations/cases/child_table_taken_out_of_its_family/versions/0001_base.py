"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE events (id integer NOT NULL, name text)")
    op.execute("CREATE TABLE old_events (id integer NOT NULL, name text)")


def downgrade() -> None:
    op.execute("DROP TABLE events")
    op.execute("DROP TABLE old_events")
