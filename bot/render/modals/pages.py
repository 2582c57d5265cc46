"""Dialogs to read in: the ledger and the findings, page by page, and the SQL. What is too long for them is a file."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from actions.redaction import redact
from bot.render.assessed import Assessed, assessed
from bot.render.blocks import button, context, row, section
from bot.render.buttons import Button, Dialog, Reference
from bot.render.cost import consequence, loss, total
from bot.render.foreign import clean, fenced, foreign, worded
from bot.render.judged import finding
from bot.render.message import Attachment, Block, View, modal
from bot.render.scene import Scene

ON_A_PAGE: Final = 40
FINDINGS_ON_A_PAGE: Final = 15
#: So many lines of one section.
_TOGETHER: Final = 10
#: SQL in one section, and in the whole dialog.
_SQL_PART: Final = 2_700
_SQL_PARTS: Final = 12


def ledger_dialog(scene: Scene, page: int = 1) -> View:
    found = assessed(scene.shown)
    whole = f"*{worded(consequence(found), 300)}.*" if found.ledger else "*Nothing that was counted would be lost.*"
    lines = [f"• {loss(entry)}" for entry in found.ledger]
    return _paged(scene, Dialog.LEDGER, "What would be lost", page, (whole, lines, ON_A_PAGE), _LEDGER_BUTTONS)


def findings_dialog(scene: Scene, page: int = 1) -> View:
    found = assessed(scene.shown)
    lines = [finding(each, 400) for each in found.findings]
    whole = f"*{len(lines):,} findings, the worst first.*" if lines else "*Nothing to worry about was found.*"
    return _paged(scene, Dialog.FINDINGS, "What we found", page, (whole, lines, FINDINGS_ON_A_PAGE), _FINDINGS_BUTTONS)


#: For the next page, for the one before, for the file.
_Names = tuple[Button, Button, Button | None]
_LEDGER_BUTTONS: Final = (Button.LEDGER_PAGE, Button.LEDGER_BEFORE, Button.LEDGER_FILE)
_FINDINGS_BUTTONS: Final = (Button.FINDINGS_PAGE, Button.FINDINGS_BEFORE, None)


def _paged(
    scene: Scene, dialog: Dialog, title: str, page: int, content: tuple[str, Sequence[str], int],
    names: _Names,
) -> View:  # fmt: skip
    whole, lines, on_a_page = content
    last = max(1, -(-len(lines) // on_a_page))
    page = min(max(page, 1), last)
    here = lines[(page - 1) * on_a_page : page * on_a_page]
    together = _TOGETHER if dialog is Dialog.LEDGER else 3
    parts = [section("\n".join(here[at : at + together]), name=f"part-{at}") for at in range(0, len(here), together)]
    of = context(f"{scene.rollback.id} of {foreign(scene.rollback.service, 60)}, page {page} of {last}", name="of")
    reference = _reference(scene, page)
    return modal(
        dialog, title, section(whole, name="whole"), *parts, of, *_turning(scene, page, last, names), metadata=reference
    )


def _turning(scene: Scene, page: int, last: int, names: _Names) -> list[Block]:
    turn, back, file = names
    made = []
    if page > 1:
        made.append(button("◀ Before", back, _reference(scene, page - 1), spoken=f"Page {page - 1}"))
    if page < last:
        made.append(button("Next ▶", turn, _reference(scene, page + 1), spoken=f"Page {page + 1}"))
    if file is not None and last > 1:
        made.append(button("All of it as a file", file, _reference(scene, 1), spoken="Send the whole ledger as a file"))
    return [row(*made, name="turn")] if made else []


def _reference(scene: Scene, page: int) -> str:
    return Reference(rollback=scene.rollback.id, digest=scene.rollback.digest, page=page).encode()


def sql_dialog(scene: Scene, sql: str) -> View:
    """The beginning of it when it is long, and the button for the file."""
    parts = _sql_parts(sql)
    shown = [section(fenced(part, _SQL_PART), name="sql") for part in parts[:_SQL_PARTS]]
    more = []
    if len(parts) > _SQL_PARTS:
        left = sum(part.count("\n") + 1 for part in parts[_SQL_PARTS:])
        more = [
            context(f"… ({left:,} more lines)", name="more"),
            row(
                button(
                    "All of it as a file", Button.SQL_FILE, _reference(scene, 1), spoken="Send the whole SQL as a file"
                )
            ),
        ]
    note = "As Alembic prints it offline. What a script does depending on the data cannot be seen here; the rehearsal runs it."
    return modal(
        Dialog.SQL, "SQL of the downgrade", context(f"{scene.rollback.id}. {note}", name="of"), *shown, *more,
        metadata=_reference(scene, 1),
    )  # fmt: skip


def _sql_parts(sql: str) -> list[str]:
    """Cut between lines, where a line is not longer than a part itself."""
    parts, part = [], ""
    for line in redact(sql).splitlines() or ["-- (nothing)"]:
        for piece in [line[at : at + 2_000] for at in range(0, len(line), 2_000)] or [""]:
            if part and len(part) + len(piece) > 2_200:
                parts.append(part)
                part = ""
            part += f"{piece}\n"
    return [*parts, part] if part.strip() else parts or ["-- (nothing)"]


def ledger_file(scene: Scene) -> Attachment:
    """The whole ledger as CSV."""
    found = assessed(scene.shown)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["table", "column", "rows", "exact", "written_since_deploy", "written_source"])
    for entry in found.ledger:
        since = "" if entry.written_since_deploy is None else entry.written_since_deploy
        cells = [
            entry.table,
            entry.column or "",
            entry.rows,
            "yes" if entry.exact else "estimate",
            since,
            entry.written_source or "",
        ]
        rows.writerow([_no_formula(cell) for cell in cells])
    return Attachment(
        filename=f"{scene.rollback.id}-ledger.csv",
        title=f"Ledger of {scene.rollback.id}: {_whole(found)}",
        content=text.getvalue(),
    )


def _whole(found: Assessed) -> str:
    return total(found) if found.ledger else "nothing that was counted"


def _no_formula(cell: object) -> object:
    """A name is never a formula of whatever opens the file."""
    said = clean(cell) if isinstance(cell, str) else cell
    return f"'{said}" if isinstance(said, str) and said[:1] in ("=", "+", "-", "@") else said


def sql_file(scene: Scene, sql: str) -> Attachment:
    return Attachment(filename=f"{scene.rollback.id}.sql", title=f"SQL of {scene.rollback.id}", content=redact(sql))
