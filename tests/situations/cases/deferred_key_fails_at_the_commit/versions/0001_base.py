"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE plans (code text PRIMARY KEY)")
    op.execute(
        "CREATE TABLE users (id serial PRIMARY KEY, plan text NOT NULL REFERENCES plans DEFERRABLE INITIALLY DEFERRED)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE users")
    op.execute("DROP TABLE plans")
