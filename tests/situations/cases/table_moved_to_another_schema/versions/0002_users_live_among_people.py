"""Users live among people."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE users SET SCHEMA people")


def downgrade() -> None:
    op.execute("ALTER TABLE people.users SET SCHEMA public")
