"""Looks at the world for each step of a runbook: what it means now (which commit, which archive), and whether it can work.

What a name means is pinned here, into the plan: `HEAD~1`, "the latest archive" and `{date}` are what they were when people
approved, whatever happens in between, and a run never takes back what it has just saved itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.assess.values import Finding
from actions.backup.volume_archives import archives_of
from actions.errors import BackoutError, ConfigurationError
from actions.files.planning import plan as plan_export
from actions.files.session import snapshot
from actions.history.backups import list_backups
from actions.history.canonical import JsonObject
from actions.history.values import BackupState
from actions.history.wishes import wanted_backup
from actions.platforms.volumes import Volumes
from actions.release.git_tree import GitTree, TreeFacts
from actions.run.named_backup import usable
from actions.run.runbooks.drafting import Draft
from actions.run.runbooks.findings import FAMILY, Seen
from actions.run.runbooks.specs import Words
from actions.run.steps.declared.compose import compose_of
from actions.run.steps.declared.files import export_order
from actions.run.steps.declared.git import tree_of
from actions.run.steps.site import Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    findings: tuple[Finding, ...]
    #: By the name of the draft.
    pins: dict[str, JsonObject]
    #: The backup of the database that would be restored.
    backup: str | None


def look_into(
    site: Site, drafts: Sequence[Draft], words: Words, *, should_stop: Callable[[], bool] | None = None
) -> Looked:  # fmt: skip
    """Reads only."""
    tree, facts, trouble = _tree(site, drafts)
    now = datetime.now(UTC)
    findings: list[Finding] = []
    pins: dict[str, JsonObject] = {}
    backup = None
    for draft in drafts:
        if should_stop is not None and should_stop():
            raise BackoutError("It was stopped while it was assessed")
        pin, about = _pinned(site, draft, tree, words)
        seen = Seen(
            site=site, drafts=tuple(drafts), draft=draft, now=now, tree=tree, tree_trouble=trouble, facts=facts, **about
        )
        findings += [finding for rule in FAMILY for finding in rule(seen)]
        backup = seen.more.get("backup") or backup
        pins[draft.name] = pin
    return Looked(findings=tuple(_once(findings)), pins=pins, backup=backup)


def _pinned(  # noqa: PLR0911 because each kind has its own
    site: Site, draft: Draft, tree: GitTree | None, words: Words
) -> tuple[JsonObject, dict[str, Any]]:
    """What goes into the plan, and what the rules get to know."""
    step, pin = draft.step, _undo_pins(draft, tree, words)
    match draft.kind:
        case "git_restore" if tree is not None:
            commit = tree.commit_of(step.ref)
            return ({**pin, "commit": commit} if commit else pin), {"commit": commit}
        case "git_mark":
            name = words.fill(step.git_mark)
            message = (
                words.fill(step.message) if step.message else f"Before {words.rollback.id} of {words.rollback.service}"
            )
            return {**pin, "name": name, "message": message}, {"more": {"name": name}}
        case "export":
            return pin, {"export_trouble": _export_trouble(site, step.export)}
        case "restore_volumes":
            archives = archives_of(site.service, site.environ, site.home)
            found = {volume: archives.find(volume, step.backup) for volume in step.restore_volumes}
            pinned = {volume: archive.name for volume, archive in found.items() if archive is not None}
            told = {volume: (each.name, each.made_at) if each else None for volume, each in found.items()}
            return {**pin, "archives": pinned}, {"archives": told}
        case "save_volumes":
            volumes = Volumes(cli=compose_of(site).cli)
            missing = [volume for volume in step.save_volumes if not volumes.exists(volume)]
            used = {user for volume in step.save_volumes for user in _running_on(volumes, volume)}
            return pin, {"more": {"missing": missing, "used_by": tuple(sorted(used))}}
        case "do" if step.do == "restore":
            backup = step.backup or _named(site, words) or _latest_proven(site)
            return pin, {"more": {"backup": backup}}
        case _:
            return pin, {}


def _running_on(volumes: Volumes, volume: str) -> list[str]:
    return [
        str(each.get("Name", "")).lstrip("/")
        for each in volumes.users(volume)
        if (each.get("State") or {}).get("Status") == "running"
    ]


def _undo_pins(draft: Draft, tree: GitTree | None, words: Words) -> JsonObject:
    """Steps that undo are pinned too: `HEAD` of a tree that was taken back is still the same commit, a tag may move."""
    if draft.step is None or not draft.step.undo or tree is None:
        return {}
    pins: dict[str, Any] = {}
    for number, step in enumerate(draft.step.undo, start=1):
        if hasattr(step, "git_restore"):
            pins[str(number)] = {"commit": tree.commit_of(step.ref)}
        elif hasattr(step, "git_mark"):
            pins[str(number)] = {"name": words.fill(step.git_mark)}
    return {"undo_pins": pins} if pins else {}


def _tree(site: Site, drafts: Sequence[Draft]) -> tuple[GitTree | None, TreeFacts | None, str | None]:
    if not any(each.kind in ("git_mark", "git_restore") for each in drafts):
        return None, None, None
    tree = tree_of(site)
    try:
        return tree, tree.look(), None
    except ConfigurationError as error:
        return None, None, error.what


def _export_trouble(site: Site, name: str) -> str | None:
    try:
        order = export_order(site, name)
        with snapshot(order.url, where=order.where) as connection:
            plan_export(connection, order.template, where=order.where)
    except BackoutError as error:
        return error.what
    return None


def _named(site: Site, words: Words) -> str | None:
    with site.history.reading() as connection:
        named = wanted_backup(connection, words.rollback.id)
    return usable(site.history, site.service.name, named).name if named else None


def _latest_proven(site: Site) -> str | None:
    proven = [
        record
        for record in list_backups(site.history, service=site.service.name)
        if record.state is BackupState.PROVEN and record.made_at is not None
    ]
    return max(proven, key=lambda record: record.made_at or record.started_at).name if proven else None


def _once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Two steps may find the same thing about the same object."""
    told: set[tuple[str, str]] = set()
    for finding in findings:
        if (finding.code, finding.object) not in told:
            told.add((finding.code, finding.object))
            yield finding
