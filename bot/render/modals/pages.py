"""Dialogs to read in: the ledger and the findings, page by page, and the SQL."""

from bot.render.blocks import section
from bot.render.buttons import Dialog, Reference
from bot.render.foreign import fenced
from bot.render.message import Attachment, View, modal
from bot.render.scene import Scene


def _reference(scene: Scene, page: int) -> str:
    return Reference(rollback=scene.rollback.id, digest=scene.rollback.digest, page=page).encode()


def ledger_dialog(scene: Scene, page: int = 1) -> View:
    return modal(Dialog.LEDGER, "What would be lost", section("-"), metadata=_reference(scene, page))


def findings_dialog(scene: Scene, page: int = 1) -> View:
    return modal(Dialog.FINDINGS, "What we found", section("-"), metadata=_reference(scene, page))


def sql_dialog(scene: Scene, sql: str) -> View:
    return modal(Dialog.SQL, "SQL of the downgrade", section(fenced(sql)), metadata=_reference(scene, 1))


def ledger_file(scene: Scene) -> Attachment:
    """The whole ledger as CSV."""
    return Attachment(filename=f"{scene.rollback.id}-ledger.csv", title="Ledger", content="")


def sql_file(scene: Scene, sql: str) -> Attachment:
    return Attachment(filename=f"{scene.rollback.id}.sql", title="SQL of the downgrade", content=sql)
