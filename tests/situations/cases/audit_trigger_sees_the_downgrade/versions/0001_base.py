"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    op.create_table(
        "price_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("price_id", sa.Integer, nullable=False),
        sa.Column("old", sa.Integer),
        sa.Column("new", sa.Integer),
    )
    op.execute(
        """
        CREATE FUNCTION note_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO price_changes (price_id, old, new) VALUES (new.id, old.amount, new.amount);
            RETURN new;
        END $$
        """
    )
    op.execute("CREATE TRIGGER price_change AFTER UPDATE ON prices FOR EACH ROW EXECUTE FUNCTION note_price_change()")


def downgrade() -> None:
    op.drop_table("price_changes")
    op.drop_table("prices")
    op.execute("DROP FUNCTION note_price_change()")
