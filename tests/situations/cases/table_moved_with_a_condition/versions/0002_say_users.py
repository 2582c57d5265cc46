"""Say users."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE users (id integer PRIMARY KEY, email text, left_on date)")
    op.execute("INSERT INTO users SELECT id, email, left_on FROM people WHERE left_on IS NULL")
    op.execute("DROP TABLE people")


def downgrade() -> None:
    op.execute("CREATE TABLE people (id integer PRIMARY KEY, email text, left_on date)")
    op.execute("INSERT INTO people SELECT id, email, left_on FROM users")
    op.execute("DROP TABLE users")
