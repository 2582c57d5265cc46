"""Room for long addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column("users", "email", type_=sa.String(255), existing_type=sa.String(20))


def downgrade() -> None:
    op.alter_column(
        "users", "email", type_=sa.String(20), existing_type=sa.String(255), postgresql_using="left(email, 20)"
    )
