"""Keep no secrets in the clear."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("secret_hash", sa.String(64)))
    op.execute("UPDATE tokens SET secret_hash = md5(secret)")
    op.drop_column("tokens", "secret")


def downgrade() -> None:
    op.add_column("tokens", sa.Column("secret", sa.String(100)))
    op.drop_column("tokens", "secret_hash")
