"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(50), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own_notes ON notes USING (owner = current_user)")


def downgrade() -> None:
    op.drop_table("notes")
