"""Identity instead of serial."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP SEQUENCE tickets_id_seq CASCADE")
    op.alter_column("tickets", "id", server_default=sa.Identity(always=False, start=100))


def downgrade() -> None:
    op.execute("ALTER TABLE tickets ALTER id DROP IDENTITY")
    op.execute("CREATE SEQUENCE tickets_id_seq START 100 OWNED BY tickets.id")
    op.execute("SELECT setval('tickets_id_seq', (SELECT max(id) FROM tickets))")
    op.execute("ALTER TABLE tickets ALTER id SET DEFAULT nextval('tickets_id_seq')")
