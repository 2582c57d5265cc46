"""Lower fees."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE OR REPLACE FUNCTION fee(amount int) RETURNS int LANGUAGE sql AS 'SELECT amount / 20'")


def downgrade() -> None:
    op.execute("CREATE OR REPLACE FUNCTION fee(amount int) RETURNS int LANGUAGE sql AS 'SELECT amount / 10'")
