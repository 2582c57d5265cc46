"""Codes have a shape."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE DOMAIN parcel_code AS text CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$')")
    op.execute("ALTER TABLE parcels ALTER code TYPE parcel_code")


def downgrade() -> None:
    op.execute("ALTER TABLE parcels ALTER code TYPE text")
    op.execute("DROP DOMAIN parcel_code")
