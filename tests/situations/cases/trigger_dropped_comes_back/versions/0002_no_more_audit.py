"""No more audit."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DROP TRIGGER changed ON users")
    op.execute("DROP FUNCTION note_change()")


def downgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changes (user_id, at) VALUES (new.id, '2024-01-01');
            RETURN new;
        END $$
        """
    )
    op.execute("CREATE TRIGGER changed AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note_change()")
