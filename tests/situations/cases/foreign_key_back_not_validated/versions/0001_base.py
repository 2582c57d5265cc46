"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE plans (code text PRIMARY KEY)")
    op.execute("CREATE TABLE users (id serial PRIMARY KEY, plan text)")
    op.execute("ALTER TABLE users ADD CONSTRAINT users_plan FOREIGN KEY (plan) REFERENCES plans NOT VALID")


def downgrade() -> None:
    op.execute("DROP TABLE users")
    op.execute("DROP TABLE plans")
