"""Quotas apart."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE quotas (user_id integer PRIMARY KEY REFERENCES users, amount integer NOT NULL)")
    op.execute("INSERT INTO quotas SELECT id, quota FROM users WHERE quota > 0")
    op.execute("ALTER TABLE users DROP quota")


def downgrade() -> None:
    op.execute("ALTER TABLE users ADD quota integer")
    op.execute("UPDATE users SET quota = q.amount FROM quotas q WHERE q.user_id = users.id")
    op.execute("DROP TABLE quotas")
