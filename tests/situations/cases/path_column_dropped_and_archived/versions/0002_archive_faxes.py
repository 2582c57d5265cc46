"""Archive faxes."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE fax_archive AS SELECT id, fax FROM users")


def downgrade() -> None:
    op.execute("UPDATE users SET fax = a.fax FROM fax_archive a WHERE a.id = users.id")
    op.drop_table("fax_archive")
