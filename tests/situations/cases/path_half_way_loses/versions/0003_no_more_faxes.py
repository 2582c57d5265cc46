"""No more faxes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_column("users", "fax")


def downgrade() -> None:
    op.add_column("users", sa.Column("fax", sa.String(40)))
