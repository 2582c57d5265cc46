"""Invoice numbers."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE invoice_numbers START 1000")


def downgrade() -> None:
    op.execute("DROP SEQUENCE invoice_numbers")
