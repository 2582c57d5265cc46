"""Less is visible."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("REVOKE SELECT ON users FROM PUBLIC")


def downgrade() -> None:
    op.execute("GRANT SELECT ON users TO PUBLIC")
