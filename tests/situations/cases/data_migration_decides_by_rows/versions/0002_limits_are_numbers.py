"""Limits are numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

settings = sa.table("settings", sa.column("id", sa.Integer), sa.column("key", sa.String), sa.column("value", sa.Text))


def upgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(settings.c.id, settings.c.value).where(settings.c.value.like("%k"))):
        thousands = int(row.value.removesuffix("k")) * 1000
        connection.execute(settings.update().where(settings.c.id == row.id).values(value=str(thousands)))


def downgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(settings.c.id, settings.c.value).where(settings.c.value.like("%000"))):
        connection.execute(settings.update().where(settings.c.id == row.id).values(value=f"{int(row.value) // 1000}k"))
