"""Call it theme."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        "UPDATE accounts SET settings = settings - 'skin' || jsonb_build_object('theme', settings->'skin') "
        "WHERE settings ? 'skin'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE accounts SET settings = settings - 'theme' || jsonb_build_object('skin', settings->'theme') "
        "WHERE settings ? 'theme'"
    )
