"""Keys nobody can guess."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "documents", sa.Column("uuid", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()"))
    )
    op.drop_constraint("documents_pkey", "documents", type_="primary")
    op.drop_column("documents", "id")
    op.alter_column("documents", "uuid", new_column_name="id")
    op.create_primary_key("documents_pkey", "documents", ["id"])


def downgrade() -> None:
    op.drop_constraint("documents_pkey", "documents", type_="primary")
    op.drop_column("documents", "id")
    op.execute("ALTER TABLE documents ADD id serial")
    op.create_primary_key("documents_pkey", "documents", ["id"])
