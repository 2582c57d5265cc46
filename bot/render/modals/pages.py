"""Dialogs to read in: the ledger and the findings, page by page, and the SQL. What is too long for them is a file."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
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

#: SQL in one section, and in the whole dialog.
_SQL_PART: Final = 2_700
_SQL_PARTS: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class _Book:
    """What is read page by page; a line is put into words only when its page is open."""

    dialog: Dialog
    title: str
    #: All of it in a sentence.
    whole: str
    count: int
    line: Callable[[int], str]
    on_a_page: int
    #: So many lines in one section.
    together: int
    turn: Button
    turn_back: Button
    file: Button | None = None


def ledger_dialog(scene: Scene, page: int = 1) -> View:
    found = assessed(scene.shown)
    whole = f"*{worded(consequence(found), 300)}.*" if found.ledger else "*Nothing that was counted would be lost.*"
    book = _Book(
        dialog=Dialog.LEDGER, title="What would be lost", whole=whole, count=len(found.ledger),
        line=lambda number: f"• {loss(found.ledger[number])}", on_a_page=40, together=10, turn=Button.LEDGER_PAGE,
        turn_back=Button.LEDGER_BEFORE, file=Button.LEDGER_FILE,
    )  # fmt: skip
    return _opened(scene, book, page)


def findings_dialog(scene: Scene, page: int = 1) -> View:
    found = assessed(scene.shown)
    count = len(found.findings)
    whole = f"*{count:,} findings, the worst first.*" if count else "*Nothing to worry about was found.*"
    book = _Book(
        dialog=Dialog.FINDINGS, title="What we found", whole=whole, count=count,
        line=lambda number: finding(found.findings[number], 400), on_a_page=15, together=1, turn=Button.FINDINGS_PAGE,
        turn_back=Button.FINDINGS_BEFORE,
    )  # fmt: skip
    return _opened(scene, book, page)


def _opened(scene: Scene, book: _Book, page: int) -> View:
    last = max(1, -(-book.count // book.on_a_page))
    page = min(max(page, 1), last)
    here = range((page - 1) * book.on_a_page, min(page * book.on_a_page, book.count))
    lines = [book.line(number) for number in here]
    parts = [
        section("\n".join(lines[at : at + book.together]), name="part") for at in range(0, len(lines), book.together)
    ]
    of = context(f"{scene.rollback.id} of {foreign(scene.rollback.service, 60)}, page {page} of {last}", name="of")
    return modal(
        book.dialog, book.title, section(book.whole, name="whole"), *parts, of, *_turning(scene, book, page, last),
        metadata=_reference(scene, page),
    )  # fmt: skip


def _turning(scene: Scene, book: _Book, page: int, last: int) -> list[Block]:
    made = []
    if page > 1:
        made.append(button("◀ Before", book.turn_back, _reference(scene, page - 1), spoken=f"Page {page - 1}"))
    if page < last:
        made.append(button("Next ▶", book.turn, _reference(scene, page + 1), spoken=f"Page {page + 1}"))
    if book.file is not None and last > 1:
        spoken = "Send the whole ledger as a file"
        made.append(button("All of it as a file", book.file, _reference(scene, 1), spoken=spoken))
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
    said = cache(_no_formula)  # tables and sources come again and again
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
        rows.writerow([said(cell) for cell in cells])
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
