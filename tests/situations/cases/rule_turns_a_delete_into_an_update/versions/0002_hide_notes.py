"""Hide notes."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE notes ADD hidden_from text")
    op.execute(
        "CREATE RULE hide AS ON DELETE TO notes DO INSTEAD UPDATE notes SET body = NULL, hidden_from = current_user WHERE id = old.id"
    )


def downgrade() -> None:
    op.execute("DELETE FROM notes WHERE kind = 'draft'")
    op.execute("DROP RULE hide ON notes")
    op.execute("ALTER TABLE notes DROP hidden_from")
