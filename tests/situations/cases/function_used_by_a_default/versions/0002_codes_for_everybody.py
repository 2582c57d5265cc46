"""Codes for everybody."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE FUNCTION new_code() RETURNS text LANGUAGE sql AS 'SELECT md5(random()::text)'")


def downgrade() -> None:
    op.execute("DROP FUNCTION new_code()")
