"""Visits as text."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "visits", type_=sa.Text(), postgresql_using="visits::text")


def downgrade() -> None:
    op.add_column("users", sa.Column("visits_number", sa.Integer))
    op.execute("UPDATE users SET visits_number = visits::int")
    op.drop_column("users", "visits")
    op.alter_column("users", "visits_number", new_column_name="visits")
