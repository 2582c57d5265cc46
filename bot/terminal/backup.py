"""The card of a backup that was just made."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from actions.history.values import BackupState
from actions.restore.backing_up import BackedUp
from actions.restore.cloning_one import NEVER_ALONE, Cloned
from actions.restore.listing import There
from actions.restore.volumes_beside import VolumeBeside
from bot.terminal.backups import SIGNS, place_facts, state_word
from bot.wording.measures import count, length, size


def backup_card(made: BackedUp) -> Iterator[RenderableType]:
    manifest = made.manifest
    yield Text.assemble((made.name, "bold"), "  ") + state_word(made.state)
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    of = f", of a database of {size(manifest.database_bytes)}" if manifest.database_bytes else ""
    facts.add_row(_label("size"), f"{size(manifest.stored_bytes)}{of}")
    facts.add_row(_label("holds"), f"{count(manifest.rows, 'row')} in {count(len(manifest.tables), 'table')}")
    facts.add_row(_label("revision"), ", ".join(manifest.revisions) or "none: the database has no version table")
    facts.add_row(_label("taken in"), length(manifest.seconds))
    facts.add_row(_label("proof"), _proof(made))
    for number, place in enumerate(made.places):
        sign, style = SIGNS[place.there]
        where = Text(place.store)
        if place.there is not There.KEPT:
            where = Text.assemble((f"{sign} {place.store}: {place.because}", style))
        facts.add_row(_label("where" if number == 0 else ""), where)
    for each in made.volumes:
        facts.add_row(_label("volume"), _volume(each))
    yield facts
    for warning in made.warnings:
        yield Text(f"! {warning}", style="yellow")
    if made.let_go:
        yield Text(f"Let go of {count(len(made.let_go), 'older one')}: {', '.join(made.let_go)}", style="dim")
    if made.state is BackupState.FAILED:
        yield Text(
            "Do not rely on it. Take another one, and look at the server's and the store's disks.", style="bold red"
        )
    else:
        yield f"Bring it back with: backout restore {manifest.service} --backup {made.name}"


def _volume(each: VolumeBeside) -> Text:
    if each.archive is None:
        return Text(f"✗ {each.volume}: {each.trouble}", style="red")
    said = f"{each.volume}: {count(each.archive.files, 'file')}, {size(each.archive.bytes)}, read back and the same"
    return Text.assemble(said, (f"; {each.trouble}", "yellow") if each.trouble else "")


def _proof(made: BackedUp) -> Text:
    if made.state is BackupState.PROVEN and made.proved is not None:
        return Text(
            f"restored and compared, all equal; bringing it back takes about {length(made.proved.restore_seconds)}"
        )
    return Text(made.because or "not proven", style="red" if made.state is BackupState.FAILED else "yellow")


def clone_card(cloned: Cloned, service: str) -> Iterator[RenderableType]:
    clone = cloned.clone
    yield Text.assemble((cloned.name, "bold"), f"  a clone, {size(clone.database_bytes)} in {length(clone.seconds)}")
    yield Text(f"where  database {clone.name}: {NEVER_ALONE}")
    yield f"Swap it in with: backout restore {service} --backup {cloned.name}"


def backup_facts(made: BackedUp) -> dict[str, Any]:
    manifest = made.manifest
    return {
        "name": made.name,
        "service": manifest.service,
        "state": made.state,
        "because": made.because,
        "revisions": list(manifest.revisions),
        "size_bytes": manifest.stored_bytes,
        "database_bytes": manifest.database_bytes,
        "rows": manifest.rows,
        "tables": len(manifest.tables),
        "taken_at": manifest.taken_at,
        "dump_seconds": manifest.seconds,
        "seconds": made.seconds,
        "proof": made.proved.facts if made.proved else None,
        "faults": list(made.proved.faults) if made.proved else [],
        "stores": [place_facts(place) for place in made.places],
        "warnings": list(made.warnings),
        "let_go": list(made.let_go),
        "volumes": [
            {
                "volume": each.volume, "archive": each.archive.name if each.archive else None,
                "files": each.archive.files if each.archive else None, "because": each.trouble,
            }
            for each in made.volumes
        ],
    }  # fmt: skip


def clone_facts(cloned: Cloned) -> dict[str, Any]:
    clone = cloned.clone
    return {
        "name": cloned.name, "database": clone.name, "revisions": list(clone.revisions), "taken_at": clone.taken_at,
        "database_bytes": clone.database_bytes, "seconds": clone.seconds, "let_go": list(cloned.let_go),
    }  # fmt: skip


def _label(text: str) -> Text:
    return Text(text, style="dim")
