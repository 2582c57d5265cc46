"""Plans are elsewhere."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE users DROP CONSTRAINT users_plan")


def downgrade() -> None:
    op.execute("ALTER TABLE users ADD CONSTRAINT users_plan FOREIGN KEY (plan) REFERENCES plans NOT VALID")
