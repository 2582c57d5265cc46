"""More than one tag."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.alter_column(
        "articles",
        "tag",
        type_=postgresql.ARRAY(sa.Text()),
        existing_type=sa.Text(),
        new_column_name="tags",
        postgresql_using="ARRAY[tag]",
    )


def downgrade() -> None:
    op.alter_column(
        "articles",
        "tags",
        type_=sa.Text(),
        existing_type=postgresql.ARRAY(sa.Text()),
        new_column_name="tag",
        postgresql_using="tags[1]",
    )
