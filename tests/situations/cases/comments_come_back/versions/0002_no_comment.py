"""No comment."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_table_comment("users", existing_comment="People who sign in")


def downgrade() -> None:
    op.create_table_comment("users", "People who sign in")
    op.alter_column("users", "email", comment=None, existing_type=sa.String(100))
