"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE lines (id serial PRIMARY KEY, amount integer NOT NULL, quantity integer NOT NULL, total integer)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE lines")
