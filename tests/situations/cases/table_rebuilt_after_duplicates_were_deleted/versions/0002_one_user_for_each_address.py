"""One user for each address."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    bind = op.get_bind()
    for (email,) in bind.execute(sa.text("SELECT email FROM users GROUP BY email HAVING count(*) > 1")).fetchall():
        bind.execute(
            sa.text("DELETE FROM users WHERE email = :email AND id > (SELECT min(id) FROM users WHERE email = :email)"),
            {"email": email},
        )
    op.execute("CREATE TABLE single (id integer PRIMARY KEY, email text UNIQUE)")
    op.execute("INSERT INTO single SELECT id, email FROM users")
    op.execute("DROP TABLE users")
    op.execute("ALTER TABLE single RENAME TO users")


def downgrade() -> None:
    op.execute("CREATE TABLE several (id integer PRIMARY KEY, email text)")
    op.execute("INSERT INTO several SELECT id, email FROM users")
    op.execute("DROP TABLE users")
    op.execute("ALTER TABLE several RENAME TO users")
