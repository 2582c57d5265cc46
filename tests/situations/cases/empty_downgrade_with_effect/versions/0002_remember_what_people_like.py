"""Remember what people like."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("preferences", sa.JSON()))


def downgrade() -> None:
    pass
