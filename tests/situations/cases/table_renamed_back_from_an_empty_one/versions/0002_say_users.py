"""Say users."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP TABLE people")
    op.execute("CREATE TABLE users (id integer PRIMARY KEY, name text)")


def downgrade() -> None:
    op.execute("ALTER TABLE users RENAME TO people")
