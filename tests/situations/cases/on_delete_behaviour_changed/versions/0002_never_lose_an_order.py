"""Never lose an order."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("orders_user_fkey", "orders", type_="foreignkey")
    op.create_foreign_key("orders_user_fkey", "orders", "users", ["user_id"], ["id"], ondelete="RESTRICT")


def downgrade() -> None:
    op.drop_constraint("orders_user_fkey", "orders", type_="foreignkey")
    op.create_foreign_key("orders_user_fkey", "orders", "users", ["user_id"], ["id"], ondelete="CASCADE")
