"""Keep the domain apart."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("domain", sa.String(100)))
    op.execute("UPDATE users SET domain = split_part(email, '@', 2)")


def downgrade() -> None:
    op.drop_column("users", "domain")
