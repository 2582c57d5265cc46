"""Numbers come from outside."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("invoices", "number", server_default=None)
    op.execute("DROP SEQUENCE invoice_numbers")


def downgrade() -> None:
    op.execute("CREATE SEQUENCE invoice_numbers START 1")
    op.alter_column("invoices", "number", server_default=sa.text("nextval('invoice_numbers')"))
