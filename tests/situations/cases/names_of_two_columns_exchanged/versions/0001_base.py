"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE people (id serial PRIMARY KEY, given text, family text)")


def downgrade() -> None:
    op.execute("DROP TABLE people")
