"""More than on and off."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column(
        "users",
        "active",
        type_=sa.String(20),
        existing_type=sa.Boolean(),
        new_column_name="state",
        postgresql_using="CASE WHEN active THEN 'active' ELSE 'inactive' END",
    )


def downgrade() -> None:
    op.alter_column(
        "users",
        "state",
        type_=sa.Boolean(),
        existing_type=sa.String(20),
        new_column_name="active",
        postgresql_using="state = 'active'",
    )
