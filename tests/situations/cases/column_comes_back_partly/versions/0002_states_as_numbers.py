"""States are numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("state_number", sa.Integer))
    op.execute("UPDATE users SET state_number = CASE state WHEN 'active' THEN 1 WHEN 'blocked' THEN 2 ELSE 0 END")
    op.drop_column("users", "state")


def downgrade() -> None:
    op.add_column("users", sa.Column("state", sa.String(40)))
    op.execute("UPDATE users SET state = CASE state_number WHEN 1 THEN 'active' WHEN 2 THEN 'blocked' END")
    op.drop_column("users", "state_number")
