"""Numbers with letters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("orders", "number", type_=sa.String(20), existing_type=sa.Integer())


def downgrade() -> None:
    op.alter_column("orders", "number", type_=sa.Integer(), existing_type=sa.String(20))
