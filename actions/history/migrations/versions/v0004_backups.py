"""Backups: what for, by which process, for which slot of a schedule, how the proof went, and that one is gone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = "'making', 'made', 'proven', 'failed'"
ADDED = ("purpose", "maker", "proof", "slot", "attempt", "deleted_at")


def upgrade() -> None:
    op.add_column("backups", sa.Column("purpose", sa.Text))
    op.add_column("backups", sa.Column("maker", JSONB))
    op.add_column("backups", sa.Column("proof", JSONB))
    op.add_column("backups", sa.Column("slot", sa.DateTime(timezone=True)))
    op.add_column("backups", sa.Column("attempt", sa.Integer))
    op.add_column("backups", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    _states(f"{BEFORE}, 'deleted'")
    op.create_index(
        "backups_one_per_slot",
        "backups",
        ["service", "slot", "attempt"],
        unique=True,
        postgresql_where=sa.text("slot IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("backups_one_per_slot", "backups")
    # The older version knows no such state, and must not take one that is gone for one that is there.
    op.execute("UPDATE backups SET state = 'failed', because = 'deleted' WHERE state = 'deleted'")
    _states(BEFORE)
    for name in reversed(ADDED):
        op.drop_column("backups", name)


def _states(listed: str) -> None:
    op.drop_constraint("backups_state", "backups", type_="check")
    op.create_check_constraint("backups_state", "backups", f"state IN ({listed})")
