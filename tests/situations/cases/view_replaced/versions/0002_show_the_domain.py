"""Show the domain."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP VIEW people")
    op.execute("CREATE VIEW people AS SELECT id, email, split_part(email, '@', 2) AS domain FROM users")


def downgrade() -> None:
    op.execute("DROP VIEW people")
    op.execute("CREATE VIEW people AS SELECT id, email FROM users")
