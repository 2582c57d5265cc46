"""Tidy up users."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.alter_column("mail", new_column_name="email", type_=sa.String(100), existing_type=sa.String(50))
        batch.drop_column("note")
        batch.add_column(sa.Column("city", sa.String(50)))
        batch.create_index("ix_users_city", ["city"])


def downgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.drop_index("ix_users_city")
        batch.drop_column("city")
        batch.add_column(sa.Column("note", sa.Text()))
        batch.alter_column("email", new_column_name="mail", type_=sa.String(50), existing_type=sa.String(100))
