"""The application decides."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "plan", server_default=None)
    op.add_column("users", sa.Column("locale", sa.String(5)))


def downgrade() -> None:
    op.drop_column("users", "locale")
