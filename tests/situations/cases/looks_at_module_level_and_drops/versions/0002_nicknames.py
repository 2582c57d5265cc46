"""Nicknames."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

tables = sa.inspect(op.get_bind()).get_table_names()


def upgrade() -> None:
    if "nicknames" not in tables:
        op.create_table(
            "nicknames",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("nick", sa.String(50)),
        )


def downgrade() -> None:
    if "nicknames" in tables:
        op.drop_table("nicknames")
