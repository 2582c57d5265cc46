"""Fewer plans."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("new_plan", sa.Text))
    op.execute("UPDATE users SET new_plan = CASE plan WHEN 'trial' THEN 'free' ELSE plan END")
    op.drop_column("users", "plan")
    op.alter_column("users", "new_plan", new_column_name="plan")


def downgrade() -> None:
    op.add_column("users", sa.Column("old_plan", sa.Text))
    op.execute("UPDATE users SET old_plan = plan")
    op.drop_column("users", "plan")
    op.alter_column("users", "old_plan", new_column_name="plan")
