"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE bookings (id serial PRIMARY KEY, room int4range NOT NULL, during tsrange NOT NULL)")
    op.create_exclude_constraint("bookings_apart", "bookings", ("room", "&&"), ("during", "&&"), using="gist")


def downgrade() -> None:
    op.drop_table("bookings")
