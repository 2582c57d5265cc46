"""Pets are pets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "pets",
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.execute("INSERT INTO pets SELECT 'cat', id, name FROM cats UNION ALL SELECT 'dog', id, name FROM dogs")
    op.drop_table("cats")
    op.drop_table("dogs")


def downgrade() -> None:
    op.create_table(
        "dogs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
    )
    op.create_table(
        "cats",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
    )
    op.execute("INSERT INTO dogs SELECT id, name FROM pets WHERE kind = 'dog'")
    op.execute("INSERT INTO cats SELECT id, name FROM pets WHERE kind = 'cat'")
    op.execute(
        "SELECT setval('dogs_id_seq', (SELECT max(id) FROM dogs)), setval('cats_id_seq', (SELECT max(id) FROM cats))"
    )
    op.drop_table("pets")
