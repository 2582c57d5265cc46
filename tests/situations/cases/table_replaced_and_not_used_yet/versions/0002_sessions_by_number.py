"""Sessions by number."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP TABLE sessions")
    op.execute("CREATE TABLE sessions (id bigserial PRIMARY KEY, token text NOT NULL)")


def downgrade() -> None:
    op.execute("DROP TABLE sessions")
    op.execute("CREATE TABLE sessions (token text PRIMARY KEY, name text)")
