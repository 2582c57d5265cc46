"""Tags to begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.bulk_insert(
        sa.table("tags", sa.column("name", sa.String), sa.column("colour", sa.String)),
        [{"name": "urgent", "colour": "red"}, {"name": "later", "colour": "grey"}],
    )


def downgrade() -> None:
    op.execute("DELETE FROM tags WHERE colour IN ('red', 'grey')")
