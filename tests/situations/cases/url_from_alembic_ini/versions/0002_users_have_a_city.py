"""Users have a city."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("city", sa.String(50)))


def downgrade() -> None:
    op.drop_column("users", "city")
