"""Notes are private."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own_notes ON notes USING (owner = current_user)")


def downgrade() -> None:
    op.execute("DROP POLICY own_notes ON notes")
    op.execute("ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
