"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE tickets (id integer PRIMARY KEY, subject text)")
    op.execute("CREATE SEQUENCE tickets_id_seq OWNED BY tickets.id")
    op.execute("ALTER TABLE tickets ALTER id SET DEFAULT nextval('tickets_id_seq')")


def downgrade() -> None:
    op.drop_table("tickets")
