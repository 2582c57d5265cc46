"""People get tired."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'tired'")


def downgrade() -> None:
    in_use = op.get_bind().execute(sa.text("SELECT count(*) FROM people WHERE mood = 'tired'")).scalar_one()
    if in_use:
        raise ValueError(f"{in_use} rows still use the label 'tired'")

    op.execute("ALTER TYPE mood RENAME TO mood_old")
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'busy')")
    op.execute("ALTER TABLE people ALTER mood TYPE mood USING mood::text::mood")
    op.execute("DROP TYPE mood_old")
