"""Say users."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL)")
    op.execute("INSERT INTO users SELECT id, email FROM people")
    op.execute("DROP TABLE people")


def downgrade() -> None:
    op.execute("CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL, phone text)")
    op.execute("INSERT INTO people (id, email) SELECT id, email FROM users")
    op.execute("DROP TABLE users")
