"""First and last name."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("first_name", sa.String(100)))
    op.add_column("users", sa.Column("last_name", sa.String(100)))
    op.execute(
        "UPDATE users SET first_name = split_part(name, ' ', 1), last_name = substr(name, strpos(name, ' ') + 1)"
    )
    op.drop_column("users", "name")


def downgrade() -> None:
    op.add_column("users", sa.Column("name", sa.String(100)))
    op.execute("UPDATE users SET name = first_name || ' ' || last_name")
    op.alter_column("users", "name", nullable=False)
    op.drop_column("users", "last_name")
    op.drop_column("users", "first_name")
