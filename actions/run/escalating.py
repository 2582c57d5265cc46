"""When a rollback does not get on, the catalog's contacts are called: one after the other, until somebody does something."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from actions.catalog.people import Escalation
from actions.catalog.service import Service
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import entries_of
from actions.history.tables import rollbacks
from actions.history.values import Event, RollbackId
from actions.history.wishes import CALLED, CALLED_NEXT, note_escalation, note_next_call
from actions.run.runbooks.ticks import CROSSED, TICKED

#: Nobody can wait for the end of one of these by doing nothing.
_UNDER_WAY = (Status.RUNNING, Status.UNDOING, Status.CHOOSING, Status.HALTED)
_FAILED = "step.failed"
#: What only people do. A choice and a way on after a halt are told by the move that follows them.
_OF_PEOPLE = frozenset({"stop.asked", TICKED, CROSSED})
_SAID_BY_PEOPLE = ("choice", "way")
_KINDS = frozenset({_FAILED, CALLED, CALLED_NEXT, "rollback.running", "rollback.undoing", *_OF_PEOPLE})


def contacts_of(service: Service | None) -> tuple[str, ...]:
    """In the order in which they are called, as the record keeps them."""
    contacts = service.escalation.contacts if service is not None else ()
    return tuple(f"{contact.title} ({contact.how or 'see the catalog'})" for contact in contacts)


def escalate_overdue(history: History, services: Mapping[str, Service]) -> tuple[RollbackId, ...]:
    """Those for which somebody is called now, for the first time or because the one before did not answer."""
    with history.reading() as connection:
        now = connection.scalar(select(func.clock_timestamp()))
        found = connection.execute(
            select(rollbacks.c.id, rollbacks.c.service, rollbacks.c.started_at).where(
                rollbacks.c.status.in_(_UNDER_WAY)
            )
        ).all()
        entries = {row.id: entries_of(connection, RollbackId(row.id), kinds=_KINDS) for row in found}
    called = []
    for row in found:
        service, rollback = services.get(row.service), RollbackId(row.id)
        if service is None or now is None:
            continue
        because = why_now(service.escalation, entries[row.id], since=row.started_at, now=now)
        if because is not None and _call(history, rollback, service, entries[row.id], because):
            called.append(rollback)
    return tuple(called)


def why_now(rules: Escalation, entries: Sequence[Event], *, since: datetime | None, now: datetime) -> str | None:
    """Why somebody is called now; None when nobody is. Pure. `since`: when the rollback began."""
    calls = _calls(entries)
    if not calls:
        return _overdue(rules, entries, since=since, now=now)
    quiet = now - max(entry.at for entry in entries if entry in calls or _is_an_answer(entry))
    if len(calls) >= len(rules.contacts) or quiet < rules.next_after:
        return None
    return f"nobody has done anything about it for {_length(quiet)}"


def _call(history: History, rollback: RollbackId, service: Service, entries: Sequence[Event], because: str) -> bool:
    """False when another process was faster."""
    before, contacts = len(_calls(entries)), contacts_of(service)
    with history.writing() as connection:
        if not before:
            return note_escalation(connection, rollback, because=because, contacts=contacts)
        return note_next_call(connection, rollback, number=before + 1, because=because, contact=contacts[before])


def _calls(entries: Sequence[Event]) -> list[Event]:
    return [entry for entry in entries if entry.kind in (CALLED, CALLED_NEXT)]


def _overdue(rules: Escalation, entries: Sequence[Event], *, since: datetime | None, now: datetime) -> str | None:
    failures = sum(entry.kind == _FAILED for entry in entries)
    if failures >= rules.after_attempts:
        return "an attempt has failed" if failures == 1 else f"{failures} attempts have failed"
    if since is not None and now - since >= rules.after:
        return f"it has no end after {_length(now - since)}"
    return None


def _length(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes"


def _is_an_answer(entry: Event) -> bool:
    return entry.kind in _OF_PEOPLE or (
        entry.actor != "backout" and any(name in entry.details for name in _SAID_BY_PEOPLE)
    )
