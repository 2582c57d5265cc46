"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE DOMAIN parcel_code AS text CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$')")
    op.execute("CREATE TABLE parcels (id serial PRIMARY KEY, code parcel_code)")


def downgrade() -> None:
    op.drop_table("parcels")
    op.execute("DROP DOMAIN parcel_code")
