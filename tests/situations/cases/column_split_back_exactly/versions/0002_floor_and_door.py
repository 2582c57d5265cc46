"""Floor and door."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("floor", sa.Integer()))
    op.add_column("rooms", sa.Column("door", sa.Integer()))
    op.execute("UPDATE rooms SET floor = split_part(place, '-', 1)::int, door = split_part(place, '-', 2)::int")
    op.drop_column("rooms", "place")


def downgrade() -> None:
    op.add_column("rooms", sa.Column("place", sa.String(20)))
    op.execute("UPDATE rooms SET place = floor || '-' || door")
    op.alter_column("rooms", "place", nullable=False)
    op.drop_column("rooms", "door")
    op.drop_column("rooms", "floor")
