"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE bookings (id serial PRIMARY KEY, room int4range NOT NULL, during tsrange NOT NULL)")


def downgrade() -> None:
    op.drop_table("bookings")
