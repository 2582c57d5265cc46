"""The history: rollbacks, steps, approvals, events, backups, sightings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATUSES = (
    "'assessing', 'waiting', 'approved', 'running', 'undoing', 'choosing', 'halted', "
    "'succeeded', 'failed', 'stopped', 'refused', 'rejected', 'expired'"
)
LIVE = "'assessing', 'waiting', 'approved', 'running', 'undoing', 'choosing', 'halted'"
NOW = sa.text("statement_timestamp()")

# The statement trigger answers also when no row would be touched, and ALWAYS also in replication mode.
# The owner gives up the rights as well; a superuser can still take both away, and then the chain tells.
APPEND_ONLY = """
CREATE FUNCTION backout_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'BO001';
END
$$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION backout_refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
REVOKE UPDATE, DELETE, TRUNCATE ON events FROM PUBLIC, CURRENT_USER;
"""


def upgrade() -> None:
    _rollbacks()
    _steps()
    _approvals()
    _events()
    _backups()
    _sightings()


def downgrade() -> None:
    for table in ("sightings", "backups", "events", "approvals", "steps", "rollbacks"):
        op.drop_table(table)
    op.execute("DROP FUNCTION backout_refuse_change")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _rollback_id(*, nullable: bool = False) -> sa.Column[int]:
    return sa.Column("rollback_id", sa.BigInteger, sa.ForeignKey("rollbacks.id"), nullable=nullable)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _stamp(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=NOW)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _json(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, JSONB, nullable=nullable)


def _rollbacks() -> None:
    op.create_table(
        "rollbacks",
        _id(),
        *(_text(name) for name in ("request_key", "service", "environment", "requester", "reason", "target")),
        *(_text(name, nullable=True) for name in ("from_revision", "to_revision", "strategy")),
        *(_text(name) for name in ("runbook", "status")),
        *(_text(name, nullable=True) for name in ("digest", "risk")),
        sa.Column("approvals_needed", sa.Integer),
        _moment("expires_at"),
        *(_json(name) for name in ("ledger_summary", "predicted", "actual")),
        _text("outcome", nullable=True),
        _stamp("requested_at"),
        *(_moment(name) for name in ("decided_at", "started_at", "finished_at")),
        _stamp("updated_at"),
        sa.UniqueConstraint("request_key", name="rollbacks_request_key"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name="rollbacks_status"),
        sa.CheckConstraint("risk IN ('none', 'low', 'medium', 'high', 'critical')", name="rollbacks_risk"),
    )
    op.create_index(
        "rollbacks_one_live_per_service",
        "rollbacks",
        ["service"],
        unique=True,
        postgresql_where=sa.text(f"status IN ({LIVE})"),
    )
    op.create_index("rollbacks_by_service", "rollbacks", ["service", "id"])
    op.create_index("rollbacks_by_status", "rollbacks", ["status", "id"])
    op.create_index("rollbacks_by_service_and_status", "rollbacks", ["service", "status", "id"])


def _steps() -> None:
    op.create_table(
        "steps",
        _id(),
        _rollback_id(),
        sa.Column("position", sa.Integer, nullable=False),
        *(_text(name) for name in ("name", "title", "action")),
        _json("parameters", nullable=False),
        sa.Column("destructive", sa.Boolean, nullable=False),
        _text("status"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        *(_json(name) for name in ("captured", "result", "error")),
        sa.Column("predicted", sa.Interval),
        *(_moment(name) for name in ("started_at", "finished_at")),
        _stamp("updated_at"),
        sa.UniqueConstraint("rollback_id", "position", name="steps_position"),
        sa.UniqueConstraint("rollback_id", "name", name="steps_name"),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'done', 'skipped', 'failed', 'undoing', 'undone', 'stuck')",
            name="steps_status",
        ),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        _id(),
        _rollback_id(),
        *(_text(name) for name in ("person", "voice", "digest")),
        _json("roles", nullable=False),
        _text("reason", nullable=True),
        sa.Column("override", sa.Boolean, nullable=False),
        _stamp("given_at"),
        _moment("voided_at"),
        _text("voided_because", nullable=True),
        sa.CheckConstraint("voice IN ('approve', 'reject')", name="approvals_voice"),
    )
    op.create_index("approvals_by_rollback", "approvals", ["rollback_id", "id"])
    op.create_index(
        "approvals_one_voice",
        "approvals",
        ["rollback_id", "person"],
        unique=True,
        postgresql_where=sa.text("voided_at IS NULL"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("body"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column(
            "rollback_id",
            sa.BigInteger,
            sa.Computed("(body::jsonb ->> 'rollback')::bigint", persisted=True),
            sa.ForeignKey("rollbacks.id"),
        ),
        sa.Column("kind", sa.Text, sa.Computed("body::jsonb ->> 'kind'", persisted=True)),
        sa.CheckConstraint("seq > 0", name="events_seq"),
        sa.CheckConstraint("octet_length(hash) = 32", name="events_hash"),
    )
    op.create_index(
        "events_by_rollback",
        "events",
        ["rollback_id", "seq"],
        postgresql_where=sa.text("rollback_id IS NOT NULL"),
    )
    op.get_bind().exec_driver_sql(APPEND_ONLY, execution_options={"no_parameters": True})


def _backups() -> None:
    op.create_table(
        "backups",
        _id(),
        *(_text(name) for name in ("name", "service")),
        _rollback_id(nullable=True),
        *(_text(name) for name in ("strategy", "state")),
        *(_text(name, nullable=True) for name in ("because", "revision")),
        sa.Column("size_bytes", sa.BigInteger),
        _json("manifest"),
        _json("stores", nullable=False),
        _stamp("started_at"),
        *(_moment(name) for name in ("made_at", "proven_at")),
        _stamp("updated_at"),
        sa.UniqueConstraint("name", name="backups_name"),
        sa.CheckConstraint("state IN ('making', 'made', 'proven', 'failed')", name="backups_state"),
    )
    op.create_index("backups_by_service", "backups", ["service", "id"])
    op.create_index(
        "backups_by_rollback",
        "backups",
        ["rollback_id"],
        postgresql_where=sa.text("rollback_id IS NOT NULL"),
    )


def _sightings() -> None:
    op.create_table(
        "sightings",
        _id(),
        *(_text(name) for name in ("service", "revision")),
        _json("counters", nullable=False),
        _text("source"),
        *(_stamp(name) for name in ("first_seen", "last_seen")),
    )
    op.create_index("sightings_by_service", "sightings", ["service", "id"])
