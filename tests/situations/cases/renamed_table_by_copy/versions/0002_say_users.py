"""Say users."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(100), nullable=False),
    )
    op.execute("INSERT INTO users SELECT id, email FROM people")
    op.execute("SELECT setval('users_id_seq', (SELECT max(id) FROM users))")
    op.drop_table("people")


def downgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(100), nullable=False),
    )
    op.execute("INSERT INTO people SELECT id, email FROM users")
    op.execute("SELECT setval('people_id_seq', (SELECT max(id) FROM people))")
    op.drop_table("users")
