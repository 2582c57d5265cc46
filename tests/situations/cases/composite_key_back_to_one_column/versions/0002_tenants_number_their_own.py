"""Tenants number their own items."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("items_pkey", "items", type_="primary")
    op.create_primary_key("items_pkey", "items", ["tenant_id", "id"])


def downgrade() -> None:
    op.drop_constraint("items_pkey", "items", type_="primary")
    op.create_primary_key("items_pkey", "items", ["id"])
