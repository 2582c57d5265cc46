"""From what was seen to the truth: what was lost, what came back, what kind of downgrade this is. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.situations.comparing import Loss, RowId, losses, schema_differences
from tests.situations.database import Activity
from tests.situations.running import Outcome
from tests.situations.snapshot import Snapshot, Table
from tests.situations.truths import Class, Downgrade, Ending, RowsChanged, Truth


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The same database at the moments that count, and how each way went."""

    #: At `to`, before the upgrade.
    before: Snapshot
    up: Outcome
    #: Just upgraded to `from`, not used yet.
    upgraded: Snapshot
    #: At `from`, with what users wrote.
    used: Snapshot
    down: Outcome
    #: What the downgrade left, also where it failed.
    left: Snapshot
    #: The second upgrade; nothing where the downgrade failed.
    reup: Outcome | None
    again: Snapshot | None
    #: Just before the downgrade, and just after it.
    activity: tuple[Activity, Activity]
    roles: tuple[frozenset[str], frozenset[str]]


def conclude(seen: Seen) -> Truth:
    lost = losses(seen.used, seen.left, by_identity=True)
    if seen.again is not None:
        lost = lost & losses(seen.used, seen.again, by_identity=False)
    older_lost, destroyed = _older(seen)
    found = {
        "downgrade": _downgrade(seen),
        "rows_lost": lost.rows_by_table(),
        "values_lost": lost.values_by_column(),
        "older_data_lost": {**older_lost.rows_by_table(), **older_lost.values_by_column()},
        "older_columns_changed": _older_columns(seen, lost, older_lost),
        "locks": _locks(seen.down, seen.used.relations),
        "reaches_outside": sorted(
            seen.down.witness.outside | {f"role {role}" for role in seen.roles[0] ^ seen.roles[1]}
        ),
    }
    loses = bool(lost.rows or lost.cells or older_lost.rows or older_lost.cells)
    if not seen.down.ok:
        return Truth.model_validate({"class": Class.FAILS_ALWAYS, **found})
    empty, drift = _recreated_empty(seen), schema_differences(seen.before, seen.left)
    return Truth.model_validate(
        {
            "class": _class_of(seen, loses=loses, recreated_empty=bool(empty)),
            **found,
            "upgrade_destroyed": {**destroyed.rows_by_table(), **destroyed.values_by_column()},
            "recreated_empty": empty,
            "reupgrade": seen.reup and Ending(**_ending(seen.reup)),
            "schema_round_trip_equal": seen.used.schema == seen.again.schema if seen.again else None,
            "schema_back_to_before": not drift,
            "schema_drift": drift,
            "sequences_behind": sorted(seen.left.sequences_behind - seen.used.sequences_behind),
            "rows_changed": _rows_changed(seen),
        }
    )


def _class_of(seen: Seen, *, loses: bool, recreated_empty: bool) -> Class:
    if seen.up.witness.statements and not seen.down.witness.statements:
        return Class.EMPTY_DOWNGRADE
    if loses:
        return Class.LOSES_DATA
    return Class.RECREATED_EMPTY if recreated_empty else Class.NO_LOSS


def _downgrade(seen: Seen) -> Downgrade:
    return Downgrade(
        **_ending(seen.down),
        stands_at=seen.left.revisions,
        partly_applied=not seen.down.ok and _differs(seen.used, seen.left),
    )


def _older(seen: Seen) -> tuple[Loss, Loss]:
    """What the state before the upgrade held and the downgraded one does not: by the downgrade, and by the upgrade.

    What users deleted or changed in between is neither.
    """
    missing = losses(seen.before, seen.left, by_identity=False)
    by_upgrade = losses(seen.before, seen.upgraded, by_identity=True)
    by_downgrade = missing - losses(seen.before, seen.used, by_identity=True)
    return by_downgrade, (missing & by_upgrade).without_rows(_touched(seen))


def _touched(seen: Seen) -> frozenset[RowId]:
    """Rows that users changed or deleted since the upgrade, under the table's older name."""
    changes = losses(seen.upgraded, seen.used, by_identity=True)
    older_names = {table.oid: table.name for table in seen.before.tables.values()}
    names = {table.name: older_names.get(table.oid, table.name) for table in seen.upgraded.tables.values()}
    return frozenset((names[table], key) for table, key, *_ in changes.cells)


def _older_columns(seen: Seen, lost: Loss, older_lost: Loss) -> tuple[str, ...]:
    """Columns of surviving rows, older than the upgrade, whose values are rewritten for good."""
    older = {f"{table.name}.{column}" for table in seen.before.tables.values() for column in table.columns.values()}
    renamed = {
        f"{table.name}.{column}"
        for table in seen.used.tables.values()
        if (was := seen.before.by_oid(table.oid))
        for number, column in table.columns.items()
        if number in was.columns
    }
    changed = lost.values_by_column().keys() | older_lost.values_by_column().keys()
    return tuple(sorted(changed & (older | renamed)))


def _recreated_empty(seen: Seen) -> tuple[str, ...]:
    """What the upgrade dropped and the downgrade brings back as a shell: not one of its rows or values is there.

    A column that holds the same in every row is a shell too, even where the default happens to be right.
    """
    missing = losses(seen.before, seen.left, by_identity=False)
    rows, values = missing.rows_by_table(), missing.values_by_column()
    found: list[str] = []
    for table in seen.before.tables.values():
        back, kept = seen.left.tables.get(table.name), seen.used.by_oid(table.oid)
        if back is None or not table.rows:
            continue
        if kept is None and rows.get(table.name) == len(table.rows):
            found.append(table.name)
        for number in [] if kept is None else [number for number in table.columns if number not in kept.columns]:
            column = f"{table.name}.{table.columns[number]}"
            had = sum(row[number] is not None for row in table.rows)
            if column in values and (values[column] == had or _is_constant(back, table.columns[number])):
                found.append(column)
    return tuple(sorted({*found, *_partitions_back(seen)}))


def _partitions_back(seen: Seen) -> Iterator[str]:
    """Partitions that went with their rows, and have their name again and nothing in it."""
    emptied = emptied_partitions(seen.before, seen.left)
    for oid in seen.before.partitions.keys() - seen.used.relations.keys():
        if seen.before.relations[oid] in emptied:
            yield seen.before.relations[oid]


def emptied_partitions(before: Snapshot, after: Snapshot) -> Mapping[str, int]:
    """Those that hold nothing under their name any more, with what they held."""
    there = {after.relations[oid]: rows for oid, rows in after.partitions.items()}
    named = ((before.relations[oid], rows) for oid, rows in before.partitions.items())
    return {name: rows for name, rows in named if rows and there.get(name) == 0}


def _is_constant(table: Table, column: str) -> bool:
    number = table.number(column)
    return number is not None and len({row[number] for row in table.rows}) <= 1


def without_users_part(truth: Truth, unused: Mapping[str, int] | None) -> Truth:
    """An older value that differs because users changed it where the upgrade had moved it was not destroyed."""
    if unused is None:
        return truth
    empty = tuple(name for name in truth.recreated_empty if name in unused)
    destroyed = {name: min(count, unused[name]) for name, count in truth.upgrade_destroyed.items() if name in unused}
    is_whole = truth.class_ is Class.RECREATED_EMPTY and not empty
    return truth.model_copy(
        update={
            "class_": Class.NO_LOSS if is_whole else truth.class_,
            "upgrade_destroyed": destroyed,
            "recreated_empty": empty,
        }
    )


def _ending(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in Ending.model_fields}


def _differs(before: Snapshot, after: Snapshot) -> bool:
    lost, gained = losses(before, after, by_identity=True), losses(after, before, by_identity=True)
    return bool(
        before.schema != after.schema
        or before.revisions != after.revisions
        or lost.rows or lost.cells or gained.rows or gained.cells
    )  # fmt: skip


def _locks(outcome: Outcome, names: Mapping[int, str]) -> dict[str, str]:
    """In SQL's words, without the plain reading lock."""
    spelled = {
        names[oid]: "".join(f" {letter}" if letter.isupper() else letter for letter in mode.removesuffix("Lock"))
        for oid, mode in outcome.witness.locks.items()
        if oid in names and mode != "AccessShareLock"
    }
    return {name: mode.strip().upper() for name, mode in sorted(spelled.items())}


def _rows_changed(seen: Seen) -> dict[str, RowsChanged]:
    names = {**seen.left.relations, **seen.used.relations}
    before, after = seen.activity
    changed: dict[str, RowsChanged] = {}
    for oid, counts in after.items():
        inserted, updated, deleted = (new - old for new, old in zip(counts, before.get(oid, (0, 0, 0)), strict=True))
        if oid in names and (inserted or updated or deleted):
            changed[names[oid]] = RowsChanged(inserted=inserted, updated=updated, deleted=deleted)
    return dict(sorted(changed.items()))
