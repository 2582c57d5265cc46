"""Tickets have a state."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("state", sa.String(20)))


def downgrade() -> None:
    op.create_table(
        "tickets_rebuilt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("notes", sa.Text),
    )
    op.execute("INSERT INTO tickets_rebuilt (id, subject) SELECT id, subject FROM tickets")
    op.drop_table("tickets")
    op.rename_table("tickets_rebuilt", "tickets")
