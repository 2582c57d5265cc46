"""Keep the whole text."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("articles", sa.Column("body", sa.Text()))


def downgrade() -> None:
    op.drop_column("articles", "body")
