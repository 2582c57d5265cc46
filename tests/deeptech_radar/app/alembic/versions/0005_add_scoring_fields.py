import os
import time

from alembic import op

revision, down_revision = "0005", "0004"


def upgrade():
    op.execute("ALTER TABLE papers ADD COLUMN score real, ADD COLUMN scored_at timestamptz")


def downgrade():
    # What makes it slow in a test that strikes in its middle; on the live database alone.
    if op.get_bind().exec_driver_sql("SELECT left(current_database(), 7) <> 'backout'").scalar():
        time.sleep(float(os.environ.get("RADAR_SLOW", "0")))
    op.execute("ALTER TABLE papers DROP COLUMN scored_at, DROP COLUMN score")
