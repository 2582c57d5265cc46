"""Due at an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("events", "due", type_=sa.DateTime(), existing_type=sa.Date())


def downgrade() -> None:
    op.alter_column("events", "due", type_=sa.Date(), existing_type=sa.DateTime())
