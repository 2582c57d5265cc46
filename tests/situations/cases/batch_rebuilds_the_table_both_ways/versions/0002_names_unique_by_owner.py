"""Names unique by owner."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("files", recreate="always") as batch:
        batch.drop_constraint("files_name", type_="unique")
        batch.create_unique_constraint("files_owner_name", ["owner", "name"])


def downgrade() -> None:
    with op.batch_alter_table("files", recreate="always") as batch:
        batch.drop_constraint("files_owner_name", type_="unique")
        batch.create_unique_constraint("files_name", ["name"])
