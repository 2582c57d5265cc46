"""Free is a price."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_constraint("ck_prices_positive", "prices", type_="check")
    op.create_check_constraint("ck_prices_not_negative", "prices", "amount >= 0")


def downgrade() -> None:
    op.drop_constraint("ck_prices_not_negative", "prices", type_="check")
    op.execute("ALTER TABLE prices ADD CHECK (amount > 0)")
