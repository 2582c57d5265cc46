"""Users have a level."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    level = sa.Enum("guest", "member", name="user_level")
    level.create(op.get_bind())
    op.add_column("users", sa.Column("level", level))


def downgrade() -> None:
    op.drop_column("users", "level")
    sa.Enum(name="user_level").drop(op.get_bind())
