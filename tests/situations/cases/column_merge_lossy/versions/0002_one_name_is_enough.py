"""One name is enough."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("name", sa.String(101)))
    op.execute("UPDATE users SET name = first || ' ' || last")
    op.drop_column("users", "first")
    op.drop_column("users", "last")


def downgrade() -> None:
    op.add_column("users", sa.Column("first", sa.String(50)))
    op.add_column("users", sa.Column("last", sa.String(50)))
    op.execute("UPDATE users SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2)")
    op.drop_column("users", "name")
