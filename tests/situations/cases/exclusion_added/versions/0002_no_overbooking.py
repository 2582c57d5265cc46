"""No overbooking."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_exclude_constraint("bookings_apart", "bookings", ("room", "&&"), ("during", "&&"), using="gist")


def downgrade() -> None:
    op.drop_constraint("bookings_apart", "bookings")
