"""Moments instead of local times, and a name that says so."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column(
        "visits", "begins", type_=sa.DateTime(timezone=True), existing_type=sa.DateTime(),
        postgresql_using="begins AT TIME ZONE 'Europe/Berlin'",
    )  # fmt: skip
    op.alter_column("visits", "begins", new_column_name="begins_at")


def downgrade() -> None:
    op.alter_column("visits", "begins_at", new_column_name="begins")
    op.alter_column("visits", "begins", type_=sa.DateTime(), existing_type=sa.DateTime(timezone=True))
