"""Call it basic."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE plans SET code = 'basic' WHERE code = 'free'")


def downgrade() -> None:
    op.execute("UPDATE plans SET code = 'free' WHERE code = 'basic'")
