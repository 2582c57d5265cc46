"""Two more countries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

countries = sa.table("countries", sa.column("code", sa.String), sa.column("name", sa.String))


def upgrade() -> None:
    op.bulk_insert(
        countries,
        [{"code": "CH", "name": "Switzerland"}, {"code": "NZ", "name": "New Zealand"}],
    )


def downgrade() -> None:
    op.execute("DELETE FROM countries WHERE code IN ('CH', 'NZ')")
