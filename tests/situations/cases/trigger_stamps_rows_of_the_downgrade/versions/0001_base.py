"""Where it all begins."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE pages (id serial PRIMARY KEY, title text, state text, changed timestamptz)")
    op.execute(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.changed = clock_timestamp(); RETURN new; END $$"
    )
    op.execute("CREATE TRIGGER stamp BEFORE UPDATE ON pages FOR EACH ROW EXECUTE FUNCTION stamp()")


def downgrade() -> None:
    op.execute("DROP TABLE pages")
    op.execute("DROP FUNCTION stamp()")
