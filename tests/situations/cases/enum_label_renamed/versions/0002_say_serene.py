"""Say serene."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TYPE mood RENAME VALUE 'calm' TO 'serene'")


def downgrade() -> None:
    op.execute("ALTER TYPE mood RENAME VALUE 'serene' TO 'calm'")
