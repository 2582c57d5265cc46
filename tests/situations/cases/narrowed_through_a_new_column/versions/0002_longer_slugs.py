"""Longer slugs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("pages", sa.Column("long_slug", sa.Text()))
    op.execute("UPDATE pages SET long_slug = slug")
    op.drop_column("pages", "slug")
    op.alter_column("pages", "long_slug", new_column_name="slug")


def downgrade() -> None:
    op.add_column("pages", sa.Column("short_slug", sa.String(12)))
    op.execute("UPDATE pages SET short_slug = substr(slug, 1, 12)")
    op.drop_column("pages", "slug")
    op.alter_column("pages", "short_slug", new_column_name="slug")
