"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE coupons (code text PRIMARY KEY, ends date)")


def downgrade() -> None:
    op.execute("DROP TABLE coupons")
