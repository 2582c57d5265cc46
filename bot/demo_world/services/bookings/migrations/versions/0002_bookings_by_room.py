"""Bookings are looked up by room"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_index("bookings_room", "bookings", ["room_id"])


def downgrade():
    op.drop_index("bookings_room", "bookings")
