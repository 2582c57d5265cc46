"""Any world and any policy, for properties."""

from datetime import timedelta

from hypothesis import strategies as st

from actions.assess.decide.facts import (
    Arrival,
    BackupCopy,
    Blocker,
    Difference,
    DifferenceKind,
    Facts,
    Losses,
    NewData,
    OlderRelease,
    Pace,
    Rehearsed,
    Symptom,
    Trouble,
    Unmeasured,
)
from actions.assess.values import Failure, FailureKind, Finding, LedgerEntry, RehearsalKind
from actions.catalog.policy import BreakGlass, Override, Policy, Quorum
from actions.catalog.risk import Risk
from actions.catalog.schedules import WEEK, Window
from actions.catalog.tolerance import Tolerance
from actions.history.values import BackupState
from tests.assess_decide.situations import NOW

maybe = st.none() | st.booleans()
names = st.sampled_from(["users", "orders", "users.email", 'Odd "Name"', "", "größe", "a`b"])
texts = st.sampled_from(["", "it failed", "ERROR:\n  value too long", "x" * 1000, "über\tall."]) | st.text(max_size=30)
rows = st.integers(0, 10**12)
maybe_rows = st.none() | st.just(0) | rows
seconds = st.none() | st.floats(0, 1e7)
spans = st.timedeltas(timedelta(0), timedelta(days=400))
moments = st.builds(lambda span, sign: NOW + sign * span, spans, st.sampled_from([-1, -1, -1, 1]))
revisions = st.lists(st.sampled_from(["0003", "0004", "0005"]), max_size=2, unique=True).map(tuple)


def tuples(of: st.SearchStrategy, most: int = 4) -> st.SearchStrategy:
    return st.lists(of, max_size=most).map(tuple)


entries = st.builds(
    LedgerEntry,
    table=names,
    column=st.none() | names,
    rows=st.just(0) | rows,
    exact=st.booleans(),
    written_since_deploy=maybe_rows,
    # PostgreSQL knows no name with it.
    written_source=st.none() | texts.filter(lambda text: "\0" not in text),
)
findings = st.builds(Finding, code=st.sampled_from(["AA1", "BB2"]), severity=st.sampled_from(Risk), object=names,
                     message=texts)  # fmt: skip
losses = st.builds(
    Losses,
    ledger=st.none() | tuples(entries),
    beyond_ledger=st.none() | tuples(st.builds(Unmeasured, object=names, message=texts), 7),
    comes_back_empty=st.none() | tuples(names, 7),
)
failures = st.builds(
    Failure, kind=st.sampled_from(FailureKind), message=texts, revision=st.none() | names, objects=tuples(names)
)
rehearsals = st.builds(
    Rehearsed, kind=st.sampled_from(RehearsalKind), succeeded=maybe, failure=st.none() | failures, seconds=seconds
)
backups = st.builds(
    BackupCopy,
    name=names,
    taken_at=moments,
    state=st.sampled_from(BackupState),
    revisions=st.none() | revisions,
    rows_written_since=maybe_rows,
    restore_seconds=seconds,
    size_bytes=st.none() | rows,
)
releases = st.builds(
    OlderRelease,
    can_go_back=maybe,
    differences=st.none() | tuples(st.builds(Difference, kind=st.sampled_from(DifferenceKind), object=names), 8),
    works_on_newer_schema=st.none() | maybe,
    seconds=seconds,
)
worlds = st.builds(
    Facts,
    service=st.just("content-api"),
    now=st.just(NOW),
    live=st.none() | revisions,
    target=revisions,
    path=st.none() | tuples(st.sampled_from(["0005", "0004", "0003"]), 3),
    arrival=st.builds(Arrival, first_seen=st.none() | moments, not_before=st.none() | moments),
    findings=tuples(findings),
    losses=losses,
    new_data=st.builds(NewData, rows=maybe_rows, source=st.none() | texts),
    rehearsals=tuples(rehearsals, 3),
    blockers=st.none() | tuples(st.builds(Blocker, object=names, message=texts, remedy=texts), 2),
    backups=tuples(backups, 3),
    run_proves_backup=maybe,
    older_release=releases,
    backup_max_age=st.timedeltas(timedelta(seconds=1), timedelta(days=30)),
    approvers_named=st.booleans(),
    trouble=st.builds(Trouble, symptom=st.none() | st.sampled_from(Symptom), fixable_forward=maybe),
    pace=st.builds(Pace, backup_seconds=seconds, restore_bytes_per_second=seconds),
)
people = st.sampled_from([{"users": ["U12345"]}, {"group": "S12345"}, {"terminal": ["ada", "grace"]}])
durations = st.timedeltas(timedelta(milliseconds=1), timedelta(weeks=999_999))
rulings = st.sampled_from(["allow", "refuse"])
windows = st.builds(
    Window,
    days=st.lists(st.sampled_from(WEEK), min_size=1, unique=True).map(tuple),
    opens=st.times(),
    closes=st.times(),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
policies = st.builds(
    Policy,
    window=st.none() | durations,
    destructive=rulings,
    after_new_data=rulings,
    verified_backup=st.booleans(),
    rehearsal=st.sampled_from(["none", "schema", "data"]),
    quorum=st.builds(Quorum, **{risk.value: st.integers(0, 3) for risk in Risk}),
    windows=tuples(windows, 2),
    override=st.none() | st.builds(Override, by=people, approvals=st.integers(1, 3)),
    break_glass=st.none() | st.builds(BreakGlass, by=people, after=durations, up_to=st.sampled_from(Risk)),
    approval_expires=durations,
    growth=st.sampled_from([Tolerance(by=0), Tolerance(by=1, percent=True), Tolerance(by=500)]),
)
