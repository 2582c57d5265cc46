"""Coupons that end."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE valid (code text PRIMARY KEY, ends date NOT NULL)")
    op.execute("INSERT INTO valid SELECT code, ends FROM coupons WHERE ends IS NOT NULL")
    op.execute("DROP TABLE coupons")
    op.execute("ALTER TABLE valid RENAME TO coupons")


def downgrade() -> None:
    op.execute("CREATE TABLE older (code text PRIMARY KEY, ends date)")
    op.execute("INSERT INTO older SELECT code, ends FROM coupons")
    op.execute("DROP TABLE coupons")
    op.execute("ALTER TABLE older RENAME TO coupons")
