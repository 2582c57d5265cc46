"""Everybody has a plan."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


async def everybody_gets(connection, plan):
    await connection.execute(sa.text("UPDATE users SET plan = :plan"), {"plan": plan})


def upgrade() -> None:
    op.add_column("users", sa.Column("plan", sa.String(20)))
    op.run_async(everybody_gets, "free")


def downgrade() -> None:
    op.run_async(everybody_gets, None)
    op.drop_column("users", "plan")
