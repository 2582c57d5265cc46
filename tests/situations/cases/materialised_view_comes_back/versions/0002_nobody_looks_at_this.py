"""Nobody looks at this."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP MATERIALIZED VIEW domains")


def downgrade() -> None:
    op.execute(
        "CREATE MATERIALIZED VIEW domains AS SELECT split_part(email, '@', 2) AS domain, count(*) FROM users GROUP BY 1"
    )
