"""Say users."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE people RENAME TO users")
    op.execute("CREATE VIEW people AS SELECT id, name FROM users")
    op.execute(
        "CREATE FUNCTION into_users() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO users (name) VALUES (new.name); RETURN new; END $$"
    )
    op.execute("CREATE TRIGGER into_users INSTEAD OF INSERT ON people FOR EACH ROW EXECUTE FUNCTION into_users()")


def downgrade() -> None:
    op.execute("DROP VIEW people")
    op.execute("DROP FUNCTION into_users()")
    op.execute("ALTER TABLE users RENAME TO people")
