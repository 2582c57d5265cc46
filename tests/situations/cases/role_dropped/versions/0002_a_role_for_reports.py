"""A role for reports."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE ROLE situation_reports NOLOGIN")
    op.execute("GRANT SELECT ON users TO situation_reports")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON users FROM situation_reports")
    op.execute("DROP ROLE situation_reports")
