"""Ask inside payloads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column(
        "hooks", "payload", type_=postgresql.JSONB(), existing_type=sa.JSON(), postgresql_using="payload::jsonb"
    )


def downgrade() -> None:
    op.alter_column(
        "hooks", "payload", type_=sa.JSON(), existing_type=postgresql.JSONB(), postgresql_using="payload::json"
    )
