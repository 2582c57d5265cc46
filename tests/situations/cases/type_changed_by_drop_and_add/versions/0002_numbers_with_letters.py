"""Numbers with letters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("orders", "number", type_=sa.String(20), existing_type=sa.Integer())


def downgrade() -> None:
    op.drop_column("orders", "number")
    op.add_column("orders", sa.Column("number", sa.Integer()))
