"""3. Modifying columns (medium risk)."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.alter_column("users", "email", type_=sa.String(255))


def downgrade() -> None:
    op.alter_column("users", "email", type_=sa.String(100))
