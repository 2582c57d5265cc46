"""Say email."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("email", sa.String(100)))
    op.drop_column("users", "mail")


def downgrade() -> None:
    op.add_column("users", sa.Column("mail", sa.String(100)))
    op.drop_column("users", "email")
