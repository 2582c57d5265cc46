"""Sort by bytes."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute('ALTER TABLE words ALTER word TYPE text COLLATE "C"')


def downgrade() -> None:
    op.execute('ALTER TABLE words ALTER word TYPE text COLLATE "default"')
