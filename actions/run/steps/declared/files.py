"""Rows to files, and lines to a log that the team keeps itself, as steps."""

import os
from dataclasses import dataclass
from pathlib import Path

from actions.catalog.exports import Export
from actions.errors import BackoutError, ConfigurationError
from actions.files.exporting import export
from actions.files.names import NamePattern
from actions.files.order import ExportOrder
from actions.files.validating import require_valid, validate
from actions.history.canonical import JsonObject
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.run.runbooks.specs import Words
from actions.run.steps.declared.base import keeper_for, step_of
from actions.run.steps.site import Site


def export_order(site: Site, name: str, at: Moment | None = None) -> ExportOrder:
    """How one of the service's exports is asked for."""
    template = site.service.exports.get(name)
    if template is None:
        raise ConfigurationError(
            f"There is no export {name} in the catalog any more", where=f"service {site.service.name}"
        )
    order = ExportOrder(service=site.service.name, template=template, url=site.url, home=site.house.folder)
    if at is None:
        return order
    return ExportOrder(
        service=order.service, template=template, url=order.url, home=order.home, should_stop=at.should_stop,
        watch=lambda progress: at.progress(progress.fraction, progress.words),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ExportFiles:
    """Every row to its file, read back and counted. What the folder held before is kept, and comes back with the undo."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        return (
            Untouched()
            if at.step.captured is None
            else Partly(what="some files are written; the export completes them")
        )

    def do(self, at: Moment) -> JsonObject:
        order = export_order(self.site, step_of(at).export, at)
        keeper_for(self.site, at, order.home).keep(_files_of(order.home, order.template), should_stop=at.should_stop)
        at.capture({**(at.step.captured or {}), "kept": True})
        exported = export(order)
        validated = validate(order, exported)
        require_valid(validated, where=order.where)
        return {
            "files": exported.files, "written": exported.written, "unchanged": exported.unchanged,
            "removed": exported.removed, "rows": exported.counted, "related": dict(exported.related),
            "strangers": exported.strangers_count,
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        order = export_order(self.site, step_of(at).export)
        keeper = keeper_for(self.site, at, order.home)
        if at.step.captured is not None and keeper.is_whole():
            keeper.give_back(made=_files_of(order.home, order.template))


def _files_of(home: Path, template: Export) -> list[str]:
    """Everything below the folder that an export may write or remove, and its own record."""
    top = home / template.folder
    pattern = NamePattern(template.file)
    found = []
    for above, _, names in os.walk(top):
        for name in names:
            path = (Path(above) / name).relative_to(home).as_posix()
            parts = (Path(above) / name).relative_to(top).parts
            fits = len(parts) == pattern.depth and all(pattern.fits(part, level) for level, part in enumerate(parts))
            if fits or name.startswith(".backout-export-"):
                found.append(path)
    return found


@dataclass(frozen=True, kw_only=True)
class WriteLog:
    """One line more in a file of the team's own; the same line is never there twice for one rollback."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        captured = at.step.captured
        if captured is None:
            return Untouched()
        line, size = str(captured.get("line")), captured.get("size")
        file = self._file(at)
        text = file.read_bytes()[size if isinstance(size, int) else 0 :] if file.exists() else b""
        return Done(result={"line": line}) if line.encode() in text else Untouched()

    def do(self, at: Moment) -> JsonObject:
        file, captured = self._file(at), at.step.captured
        if captured is None:
            line = words_of(at).fill(step_of(at).log)
            captured = {"line": line, "size": file.stat().st_size if file.exists() else None}
            at.capture(captured)
        append_line(file, str(captured["line"]))
        return {"file": step_of(at).file, "line": captured["line"]}

    def undo(self, at: Moment) -> None:
        """What was written stays written: that it was tried is part of the record. A line says how it ended."""
        if at.step.captured is not None and isinstance(self.ask(at), Done):
            append_line(self._file(at), f"{at.rollback.id} was undone.")

    def _file(self, at: Moment) -> Path:
        return self.site.house.folder / str(step_of(at).file)


def append_line(file: Path, line: str) -> None:
    """At the end, on a line of its own; nothing that is there changes."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+b") as log:
            log.seek(0, os.SEEK_END)
            if log.tell():
                log.seek(-1, os.SEEK_END)
                if log.read(1) != b"\n":
                    line = f"\n{line}"
            log.write(f"{line}\n".encode())
            log.flush()
            os.fsync(log.fileno())
    except OSError as error:
        raise BackoutError(
            f"The line could not be written ({error.strerror})", where=str(file), next_step="Look at the file's rights."
        ) from error


def words_of(at: Moment) -> Words:
    phases = at.step.parameters.get("phases")
    return Words(
        rollback=at.rollback, phases=tuple(str(each) for each in phases) if isinstance(phases, list | tuple) else ()
    )
