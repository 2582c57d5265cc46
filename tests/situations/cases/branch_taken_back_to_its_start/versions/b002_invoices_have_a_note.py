"""Invoices have a note."""

import sqlalchemy as sa
from alembic import op

revision = "b002"
down_revision = "b001"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("note", sa.Text()))


def downgrade() -> None:
    op.drop_column("invoices", "note")
