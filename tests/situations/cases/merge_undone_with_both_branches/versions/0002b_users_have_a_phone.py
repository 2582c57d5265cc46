"""Users have a phone."""

import sqlalchemy as sa
from alembic import op

revision = "0002b"
down_revision = "0001"
branch_labels = ("phone",)


def upgrade() -> None:
    op.add_column("users", sa.Column("phone", sa.String(50)))


def downgrade() -> None:
    op.drop_column("users", "phone")
