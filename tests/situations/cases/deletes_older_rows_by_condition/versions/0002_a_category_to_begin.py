"""A category to begin with."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("INSERT INTO categories (name, built_in) VALUES ('General', true)")


def downgrade() -> None:
    op.execute("DELETE FROM categories WHERE built_in")
