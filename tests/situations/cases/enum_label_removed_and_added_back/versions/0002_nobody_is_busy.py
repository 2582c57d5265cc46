"""Nobody is busy."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TYPE mood RENAME TO mood_old")
    op.execute("CREATE TYPE mood AS ENUM ('calm')")
    op.execute("ALTER TABLE people ALTER mood TYPE mood USING mood::text::mood")
    op.execute("DROP TYPE mood_old")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'busy'")
