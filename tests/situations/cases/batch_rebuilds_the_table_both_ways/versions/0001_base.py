"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE files (id integer PRIMARY KEY, name varchar(80) CONSTRAINT files_name UNIQUE, owner integer)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE files")
