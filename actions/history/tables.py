"""The tables as the code sees them. The migrations make them; a test keeps both in agreement."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from actions.history.lifecycle import LIVE, Status
from actions.history.values import BackupState, Risk, StepStatus, Voice

metadata = MetaData()

_JSON = JSONB(none_as_null=True)
_MOMENT = DateTime(timezone=True)
_NOW = text("statement_timestamp()")


def _listed(values: type[StrEnum] | frozenset[Status]) -> str:
    """The values as SQL literals, in the order of their class."""
    kind = values if isinstance(values, type) else Status
    return ", ".join(f"'{value}'" for value in kind if isinstance(values, type) or value in values)


#: Which rollbacks are open. The very words of the partial index, so that the planner sees that it fits.
LIVE_SQL = f"status IN ({_listed(LIVE)})"


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _rollback_id(*, nullable: bool = False) -> Column[int]:
    return Column("rollback_id", BigInteger, ForeignKey("rollbacks.id"), nullable=nullable)


rollbacks = Table(
    "rollbacks",
    metadata,
    _id(),
    Column("request_key", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("from_revision", Text),
    Column("to_revision", Text),
    Column("strategy", Text),
    Column("runbook", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("digest", Text),
    Column("risk", Text),
    Column("approvals_needed", Integer),
    Column("expires_at", _MOMENT),
    Column("ledger_summary", _JSON),
    Column("predicted", _JSON),
    Column("actual", _JSON),
    Column("outcome", Text),
    Column("requested_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("decided_at", _MOMENT),
    Column("started_at", _MOMENT),
    Column("finished_at", _MOMENT),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    UniqueConstraint("request_key", name="rollbacks_request_key"),
    CheckConstraint(f"status IN ({_listed(Status)})", name="rollbacks_status"),
    CheckConstraint(f"risk IN ({_listed(Risk)})", name="rollbacks_risk"),
    Index("rollbacks_one_live_per_service", "service", unique=True, postgresql_where=text(LIVE_SQL)),
    Index("rollbacks_by_service", "service", "id"),
    Index("rollbacks_by_status", "status", "id"),
    Index("rollbacks_by_service_and_status", "service", "status", "id"),
)

steps = Table(
    "steps",
    metadata,
    _id(),
    _rollback_id(),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("parameters", _JSON, nullable=False),
    Column("destructive", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("captured", _JSON),
    Column("result", _JSON),
    Column("error", _JSON),
    Column("predicted", Interval),
    Column("started_at", _MOMENT),
    Column("finished_at", _MOMENT),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    UniqueConstraint("rollback_id", "position", name="steps_position"),
    UniqueConstraint("rollback_id", "name", name="steps_name"),
    CheckConstraint(f"status IN ({_listed(StepStatus)})", name="steps_status"),
)

approvals = Table(
    "approvals",
    metadata,
    _id(),
    _rollback_id(),
    Column("person", Text, nullable=False),
    Column("voice", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("roles", _JSON, nullable=False),
    Column("reason", Text),
    Column("override", Boolean, nullable=False),
    Column("given_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("voided_at", _MOMENT),
    Column("voided_because", Text),
    CheckConstraint(f"voice IN ({_listed(Voice)})", name="approvals_voice"),
    Index("approvals_by_rollback", "rollback_id", "id"),
    # One voice per person, until it is void.
    Index(
        "approvals_one_voice",
        "rollback_id",
        "person",
        unique=True,
        postgresql_where=text("voided_at IS NULL"),
    ),
)

events = Table(
    "events",
    metadata,
    # Contiguous from 1, given by whoever appends under the lock: a sequence would leave holes.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Taken from the body by the database, so that what is searched cannot differ from what is hashed.
    Column(
        "rollback_id",
        BigInteger,
        Computed("(body::jsonb ->> 'rollback')::bigint", persisted=True),
        ForeignKey("rollbacks.id"),
    ),
    Column("kind", Text, Computed("body::jsonb ->> 'kind'", persisted=True)),
    CheckConstraint("seq > 0", name="events_seq"),
    CheckConstraint("octet_length(hash) = 32", name="events_hash"),
    Index("events_by_rollback", "rollback_id", "seq", postgresql_where=text("rollback_id IS NOT NULL")),
)

backups = Table(
    "backups",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("service", Text, nullable=False),
    _rollback_id(nullable=True),
    Column("strategy", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("because", Text),
    Column("revision", Text),
    Column("size_bytes", BigInteger),
    Column("manifest", _JSON),
    Column("stores", _JSON, nullable=False),
    Column("started_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("made_at", _MOMENT),
    Column("proven_at", _MOMENT),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("purpose", Text),
    Column("maker", _JSON),
    Column("proof", _JSON),
    Column("slot", _MOMENT),
    Column("attempt", Integer),
    Column("deleted_at", _MOMENT),
    UniqueConstraint("name", name="backups_name"),
    CheckConstraint(f"state IN ({_listed(BackupState)})", name="backups_state"),
    # Of any number of processes that see a slot of a schedule come, one takes the backup.
    Index("backups_one_per_slot", "service", "slot", "attempt", unique=True, postgresql_where=text("slot IS NOT NULL")),
    Index("backups_by_service", "service", "id"),
    Index("backups_by_rollback", "rollback_id", postgresql_where=text("rollback_id IS NOT NULL")),
)

#: Who carries a rollback out now. It changes every few seconds and is no part of the record, so it has a table of its own.
runs = Table(
    "runs",
    metadata,
    Column("rollback_id", BigInteger, ForeignKey("rollbacks.id"), primary_key=True, autoincrement=False),
    Column("owner", Text),
    # Grows with every claim: whoever has an older one has lost.
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", _MOMENT),
    # Not before then: a step that waits to be tried again.
    Column("wake_at", _MOMENT),
    Column("stop_asked_by", Text),
    Column("stop_asked_at", _MOMENT),
    Column("escalated_at", _MOMENT),
    # Somebody wants the downgrade tried with the data before they decide.
    Column("with_data", Boolean, nullable=False, server_default=text("false")),
    # How far the step of now has come, for whoever watches.
    Column("progress", _JSON),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    # Somebody wants this one back, and not the newest.
    Column("backup", Text),
    Index("runs_by_lease", "lease_until"),
)

#: What was shown to those who decide, whole: the last one of a rollback is the one that counts.
assessments = Table(
    "assessments",
    metadata,
    _id(),
    _rollback_id(),
    Column("digest", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("seal", _JSON, nullable=False),
    Column("shown", _JSON, nullable=False),
    Column("made_at", _MOMENT, nullable=False, server_default=_NOW),
    Index("assessments_by_rollback", "rollback_id", "id"),
)

sightings = Table(
    "sightings",
    metadata,
    _id(),
    Column("service", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("counters", _JSON, nullable=False),
    Column("source", Text, nullable=False),
    Column("first_seen", _MOMENT, nullable=False, server_default=_NOW),
    Column("last_seen", _MOMENT, nullable=False, server_default=_NOW),
    Index("sightings_by_service", "service", "id"),
)

#: Where people are told about a rollback. Not part of the record: it says where, not what.
places = Table(
    "places",
    metadata,
    Column("rollback_id", BigInteger, ForeignKey("rollbacks.id"), primary_key=True, autoincrement=False),
    # Where it was asked for, in case the catalog names no place.
    Column("asked_in", Text),
    # Where it is told; None until it is known to exist.
    Column("place", Text),
    # What a place of its own is going to be called, written down before it is made.
    Column("wanted_name", Text),
    # Why nothing can be told there.
    Column("trouble", Text),
    # Everything was told, and nothing will follow.
    Column("settled", Boolean, nullable=False, server_default=text("false")),
    Column("made_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    Index("places_unsettled", "rollback_id", postgresql_where=text("NOT settled")),
)

#: Each message that there is to be, once: the intent before it is sent, where it is found afterwards.
announcements = Table(
    "announcements",
    metadata,
    _id(),
    _rollback_id(),
    Column("key", Text, nullable=False),
    # Travels with the message: by it, one that was sent before a crash is found again.
    Column("nonce", Text, nullable=False),
    # Up to which entry of the record it tells, for those that tell several.
    Column("upto", BigInteger),
    Column("thread", Text),
    Column("ref", Text),
    # Hash of what it shows now.
    Column("shown", Text),
    Column("begun_by", Text, nullable=False),
    Column("begun_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("said_at", _MOMENT),
    Column("updated_at", _MOMENT, nullable=False, server_default=_NOW),
    UniqueConstraint("rollback_id", "key", name="announcements_key"),
)

#: Of any number of processes one tells: a lease and a fence, as for runs.
announcers = Table(
    "announcers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", _MOMENT),
    # What ended before somebody first listened is not told afterwards.
    Column("since", _MOMENT, nullable=False, server_default=_NOW),
)

#: What was received, so that a second delivery is answered by nobody.
deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", _MOMENT, nullable=False, server_default=_NOW),
    Index("deliveries_by_age", "at"),
)

#: Who has the overview open, and what they see there.
viewers = Table(
    "viewers",
    metadata,
    Column("person", Text, primary_key=True),
    Column("page", Text, nullable=False),
    Column("shown", Text),
    Column("opened_at", _MOMENT, nullable=False, server_default=_NOW),
)

#: Drills that somebody asked for in Slack, until they were told how it ended.
drills = Table(
    "drills",
    metadata,
    _id(),
    Column("service", Text, nullable=False),
    Column("requester", Text, nullable=False),
    # Where it was asked for, if that is a place where people can be told.
    Column("place", Text),
    # The process that does it, and when it was last seen doing it.
    Column("owner", Text, nullable=False),
    Column("asked_at", _MOMENT, nullable=False, server_default=_NOW),
    Column("seen_at", _MOMENT, nullable=False, server_default=_NOW),
    # What people are to be told, once it ended.
    Column("report", _JSON),
    Column("sent_at", _MOMENT),
    Column("told_at", _MOMENT),
    Index("drills_untold", "id", postgresql_where=text("told_at IS NULL")),
)
