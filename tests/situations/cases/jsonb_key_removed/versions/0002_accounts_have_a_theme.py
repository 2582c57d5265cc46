"""Accounts have a theme."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""UPDATE accounts SET settings = settings || '{"theme": "light"}'""")


def downgrade() -> None:
    op.execute("UPDATE accounts SET settings = settings - 'theme'")
