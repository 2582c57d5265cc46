"""Real tags."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column(
        "articles",
        "tags",
        type_=postgresql.ARRAY(sa.Text()),
        existing_type=sa.Text(),
        postgresql_using="string_to_array(tags, ',')",
    )


def downgrade() -> None:
    op.alter_column(
        "articles",
        "tags",
        type_=sa.Text(),
        existing_type=postgresql.ARRAY(sa.Text()),
        postgresql_using="array_to_string(tags, ',')",
    )
