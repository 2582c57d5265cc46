"""A seal as JSON, to be kept beside the request until somebody has to know what exactly was approved."""

from collections.abc import Mapping

from actions.assess.decide.digest import Seal
from actions.assess.values import LedgerEntry
from actions.errors import RefusedError
from actions.history.canonical import Json, JsonObject


def to_record(seal: Seal) -> JsonObject:
    """Everything in it, and its digest."""
    entries = None if seal.ledger is None else [_entry(entry) for entry in seal.ledger]
    return {"digest": seal.digest, "exact": seal.exact, "ledger": entries}


def from_record(record: Json) -> Seal:
    """The seal that was kept; RefusedError unless it is whole and still has the digest it was kept under."""
    if isinstance(record, Mapping):
        exact, ledger = record.get("exact"), record.get("ledger")
        entries = None if ledger is None else _entries(ledger)
        if isinstance(exact, Mapping) and (ledger is None or entries is not None):
            seal = Seal(exact=exact, ledger=entries)
            if seal.digest == record.get("digest"):
                return seal
    raise RefusedError(
        "What was approved cannot be read any more, or was changed since it was kept",
        next_step="Assess again and have the new assessment approved.",
    )


def _entry(entry: LedgerEntry) -> JsonObject:
    return {
        "table": entry.table,
        "column": entry.column,
        "rows": entry.rows,
        "exact": entry.exact,
        "written_since_deploy": entry.written_since_deploy,
        "written_source": entry.written_source,
    }


def _entries(ledger: Json) -> tuple[LedgerEntry, ...] | None:
    if not isinstance(ledger, list):
        return None
    read = [_read(entry) for entry in ledger]
    return tuple(entry for entry in read if entry is not None) if None not in read else None


def _read(entry: Json) -> LedgerEntry | None:
    match entry:
        case {
            "table": str(table),
            "column": str() | None as column,
            "rows": int(rows),
            "exact": bool(exact),
            "written_since_deploy": int() | None as since,
            "written_source": str() | None as source,
        }:
            return LedgerEntry(
                table=table,
                column=column,
                rows=rows,
                exact=exact,
                written_since_deploy=since,
                written_source=source,
            )
        case _:
            return None
