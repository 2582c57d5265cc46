"""A plan for teams."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("INSERT INTO plans VALUES ('team')")


def downgrade() -> None:
    op.execute("DELETE FROM plans WHERE code = 'team'")
