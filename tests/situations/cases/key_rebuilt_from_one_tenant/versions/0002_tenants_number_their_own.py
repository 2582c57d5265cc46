"""Tenants number their own items."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("items_pkey", "items", type_="primary")
    op.create_primary_key("items_pkey", "items", ["tenant_id", "id"])


def downgrade() -> None:
    op.execute("DELETE FROM items a USING items b WHERE a.id = b.id AND a.tenant_id > b.tenant_id")
    op.drop_constraint("items_pkey", "items", type_="primary")
    op.create_primary_key("items_pkey", "items", ["id"])
