"""articles have a language"""

import sqlalchemy as sa
from alembic import op

revision = "8be27d51"
down_revision = "4f1a9c02"


def upgrade() -> None:
    op.add_column("articles", sa.Column("language", sa.String(8), nullable=False, server_default="en"))
    op.create_index("ix_articles_language", "articles", ["language"])


def downgrade() -> None:
    op.drop_index("ix_articles_language", "articles")
    op.drop_column("articles", "language")
