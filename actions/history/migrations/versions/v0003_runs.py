"""Runs: who carries a rollback out, and what was shown to those who decided about it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NOW = sa.text("statement_timestamp()")


def upgrade() -> None:
    _runs()
    _assessments()


def downgrade() -> None:
    op.drop_table("assessments")
    op.drop_table("runs")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("rollback_id", sa.BigInteger, sa.ForeignKey("rollbacks.id"), primary_key=True, autoincrement=False),
        sa.Column("owner", sa.Text),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        *(_moment(name) for name in ("lease_until", "wake_at")),
        sa.Column("stop_asked_by", sa.Text),
        *(_moment(name) for name in ("stop_asked_at", "escalated_at")),
        sa.Column("with_data", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("progress", JSONB),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    op.create_index("runs_by_lease", "runs", ["lease_until"])


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rollback_id", sa.BigInteger, sa.ForeignKey("rollbacks.id"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("digest", "strategy")),
        *(sa.Column(name, JSONB, nullable=False) for name in ("seal", "shown")),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    op.create_index("assessments_by_rollback", "assessments", ["rollback_id", "id"])
