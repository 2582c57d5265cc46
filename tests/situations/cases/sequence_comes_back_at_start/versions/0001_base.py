"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE invoice_numbers START 1")
    op.execute("CREATE TABLE invoices (number integer PRIMARY KEY DEFAULT nextval('invoice_numbers'), total integer)")


def downgrade() -> None:
    op.drop_table("invoices")
    op.execute("DROP SEQUENCE invoice_numbers")
